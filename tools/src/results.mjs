// @ts-check
// Counts what passed and what failed, over every step of `npm test`.

/**
 * What passed and failed; the lines name what failed, and what was not run.
 * @typedef {{ passed: number, failed: number, failures: ReadonlyArray<string>, leftOut: ReadonlyArray<string> }} Tally
 */

/** @type {(name: string, ok: boolean) => Tally} */
export const check = (name, ok) => ({ passed: ok ? 1 : 0, failed: ok ? 0 : 1, failures: ok ? [] : [name], leftOut: [] })

/** @type {(tallies: ReadonlyArray<Tally>) => Tally} */
export const sum = (tallies) => ({
  passed: tallies.reduce((n, tally) => n + tally.passed, 0),
  failed: tallies.reduce((n, tally) => n + tally.failed, 0),
  failures: tallies.flatMap((tally) => tally.failures),
  leftOut: tallies.flatMap((tally) => tally.leftOut)
})

/**
 * Counts the JSON report of vitest over the tests of these projects. A file that could not be loaded has no test in it, and
 * counts as one failure; so does a project without a test, and a run that failed without a failing test (an error outside
 * of all tests).
 * @type {(projects: ReadonlyArray<{ name: string, folder: string }>, text: string | null) => Tally}
 */
export const tallyVitest = (projects, text) => {
  if (text === null) return check("vitest: no test-results.json was written", false)
  let report
  try {
    report = JSON.parse(text)
  } catch {
    return check("vitest: test-results.json is not JSON", false)
  }
  /** @type {{ passed: number, failed: number, failures: Array<string>, leftOut: Array<string> }} */
  const tally = { passed: 0, failed: 0, failures: [], leftOut: [] }
  const fail = (/** @type {string} */ what) => {
    tally.failed++
    tally.failures.push(what)
  }
  /** @type {Set<string>} */
  const tested = new Set()
  for (const file of report.testResults ?? []) {
    const [folder, name] = String(file.name).split(/\/test\/(?!.*\/test\/)/)
    const project = projects.find((it) => folder.endsWith(`/${it.folder}`))?.name ?? folder
    if (file.assertionResults.length > 0) tested.add(project)
    for (const test of file.assertionResults) {
      if (test.status === "passed") tally.passed++
      else if (test.status === "failed") fail(`${project}: ${name}: ${test.fullName}`)
      else if (test.status === "pending") fail(`${project}: ${name}: ${test.fullName}: did not end`)
      else tally.leftOut.push(`${project}: ${name}: ${test.fullName}`)
    }
    const red = file.assertionResults.some((/** @type {{ status: string }} */ test) => test.status === "failed")
    if (file.status === "failed" && !red) {
      tested.add(project)
      fail(`${project}: ${name}: ${firstLine(file.message) || "could not be loaded"}`)
    }
  }
  for (const { name } of projects) if (!tested.has(name)) fail(`${name}: no test was run`)
  if (report.success !== true && tally.failed === 0) fail("vitest: the run failed outside of all tests")
  return tally
}

const firstLine = (/** @type {unknown} */ text) => String(text ?? "").trim().split("\n")[0]

/** The last line of `npm test`. @type {(tally: Tally) => string} */
export const lastLine = ({ failed, passed }) => `${passed} passed, ${failed} failed`
