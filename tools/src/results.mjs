// @ts-check
// Counts what passed and what failed, over every step of `npm test` and every project's test-results.json.

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
 * Counts the JSON report of vitest. A file that could not be loaded has no test in it, and counts as one failure; so does
 * a run that failed without a failing test (an error outside of all tests).
 * @type {(project: string, text: string | null) => Tally}
 */
export const tallyVitest = (project, text) => {
  if (text === null) return check(`${project}: no test-results.json was written`, false)
  let report
  try {
    report = JSON.parse(text)
  } catch {
    return check(`${project}: test-results.json is not JSON`, false)
  }
  /** @type {{ passed: number, failed: number, failures: Array<string>, leftOut: Array<string> }} */
  const tally = { passed: 0, failed: 0, failures: [], leftOut: [] }
  const fail = (/** @type {string} */ what) => {
    tally.failed++
    tally.failures.push(`${project}: ${what}`)
  }
  for (const file of report.testResults ?? []) {
    const name = String(file.name).split("/").at(-1)
    for (const test of file.assertionResults) {
      if (test.status === "passed") tally.passed++
      else if (test.status === "failed") fail(`${name}: ${test.fullName}`)
      else tally.leftOut.push(`${project}: ${name}: ${test.fullName}`)
    }
    const red = file.assertionResults.some((/** @type {{ status: string }} */ test) => test.status === "failed")
    if (file.status === "failed" && !red) fail(`${name}: ${firstLine(file.message) || "could not be loaded"}`)
  }
  if (tally.passed === 0 && tally.failed === 0) fail("no test was run")
  if (report.success !== true && tally.failed === 0) fail("the run failed outside of all tests")
  return tally
}

const firstLine = (/** @type {unknown} */ text) => String(text ?? "").trim().split("\n")[0]

/** How Nx says that a task went well: it ran, or its result was in the cache. */
const green = ["success", "local-cache", "local-cache-kept-existing", "remote-cache"]

/**
 * Counts the lint and type checks of an Nx run (the file of NX_PROFILE), one check a task. A task that Nx did not come to,
 * because another failed before it, has failed.
 * @type {(wanted: ReadonlyArray<string>, text: string | null) => Tally}
 */
export const tallyTasks = (wanted, text) => {
  /** @type {Map<string, boolean>} */
  const done = new Map()
  for (const { args, name } of text === null ? [] : JSON.parse(text)) done.set(name, green.includes(args?.status))
  return sum(wanted.map((task) => check(task, done.get(task) === true)))
}

/** The last line of `npm test`. @type {(tally: Tally) => string} */
export const lastLine = ({ failed, passed }) => `${passed} passed, ${failed} failed`
