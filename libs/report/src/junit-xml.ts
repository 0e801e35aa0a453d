// A result as JUnit XML, for what shows the tests of a build: a suite for each kernel, a case for each of its runs, and what was
// found wrong with it as its failure. Broken laws and lost runs are faults of swaplab, and so errors.
import type { SavedResult } from "@swaplab/experiment"
import { element } from "./svg.ts"

/** Kinds of findings that are no failure of what was tested. */
const ERRORS: ReadonlySet<string> = new Set(["law", "failure"])

type Run = Omit<SavedResult["runs"][number], "clients">

const caseOf = ({ findings, loaded }: SavedResult, { fingerprint, kernel, seed }: Run): string => {
  const found = findings.filter((finding) => finding.kernel === kernel && finding.seed === seed)
  return element(
    "testcase",
    { name: `seed ${seed}`, classname: `${loaded.scenario.name}.${kernel}` },
    element("properties", {}, element("property", { name: "fingerprint", value: fingerprint })),
    ...found.map(({ kind, text }) => element(ERRORS.has(kind) ? "error" : "failure", { type: kind, message: text }))
  )
}

/** The whole file. Runs that were lost have no fingerprint and are cases of their own. */
export const junitXml = (result: SavedResult): string => {
  const { findings, loaded, runs } = result
  const lost = findings.filter(({ kind }) => kind === "failure").map(({ kernel, seed }) => ({
    kernel,
    seed,
    fingerprint: ""
  }))
  const all = [...runs, ...lost]
  const kernels = [...new Set(all.map(({ kernel }) => kernel))]
  const suites = kernels.map((kernel) => {
    const own = findings.filter((finding) => finding.kernel === kernel)
    const cases = all.filter((run) => run.kernel === kernel)
    const failed = (error: boolean): number =>
      cases.filter(({ seed }) => own.some((of) => of.seed === seed && ERRORS.has(of.kind) === error)).length
    return element(
      "testsuite",
      {
        name: `${loaded.scenario.name}, ${kernel}`,
        tests: cases.length,
        failures: failed(false),
        errors: failed(true)
      },
      ...cases.map((run) => caseOf(result, run))
    )
  })
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element("testsuites", { name: loaded.scenario.name }, ...suites)}\n`
}
