// @ts-check
// What becomes of a bug: whether it counts as one, and after how many runs of a soak test it is found.

/**
 * A command of a copy of the checkout.
 * @typedef {(args: ReadonlyArray<string>) => { status: number, stdout: string }} Swaplab
 *
 * A finding as soak.json has it.
 * @typedef {{ signature: string, runs: number, seed: number, client: string | null, expected: string | null }} Finding
 *
 * @typedef {{ runs: number, fingerprint: string, findings: ReadonlyArray<Finding> }} Soak
 */

/** Runs of a batch: after each it is asked whether anything was found. */
const BATCH = 50

/** A soak test of so many runs. Null: it ended without a result. @type {(swaplab: Swaplab, first: number, runs: number) => Soak | null} */
const soakOf = (swaplab, first, runs) => {
  const { stdout } = swaplab(["soak", "--json", "--seed", String(first), "--runs", String(runs)])
  try {
    return JSON.parse(stdout)
  } catch {
    return null
  }
}

/** What nobody expects, the first seed first. @type {(soak: Soak) => ReadonlyArray<Finding>} */
const unexpected = ({ findings }) =>
  findings.filter(({ expected }) => expected === null).toSorted((a, b) => a.seed - b.seed)

const isCrash = (/** @type {Finding} */ { signature }) => signature.startsWith("fault of swaplab")

/** Runs of a trial whose fingerprints are compared before the others are made. */
const FIRST = 10

/** How the runs of a trial are shared out, as first seeds and numbers. @type {(runs: number) => ReadonlyArray<readonly [first: number, runs: number]>} */
const portions = (runs) => runs <= FIRST ? [[1, runs]] : [[1, FIRST], [FIRST + 1, runs - FIRST]]

/** The soak tests of a trial without any bug. @type {(swaplab: Swaplab, runs: number) => ReadonlyArray<Soak>} */
export const healthyOf = (swaplab, runs) =>
  portions(runs).map(([first, count]) => {
    const soak = soakOf(swaplab, first, count)
    if (soak === null) throw new Error("the unchanged copy does not run")
    return soak
  })

/**
 * Why a change is no bug that could be found by a soak test; null: it is one. `healthy` are the same soak tests without it. The
 * trial ends with the first that has another fingerprint.
 * @type {(swaplab: Swaplab, healthy: ReadonlyArray<Soak>) => string | null}
 */
export const rejection = (swaplab, healthy) => {
  const all = healthy.reduce((sum, { runs }) => sum + runs, 0)
  for (const [i, [first, count]] of portions(all).entries()) {
    const soak = soakOf(swaplab, first, count)
    if (soak === null) return "no result in the trial: it does not start, or a run has no end"
    if (soak.fingerprint === healthy[i].fingerprint) continue
    const crashed = soak.findings.filter(isCrash).reduce((sum, { runs }) => sum + runs, 0)
    return crashed >= soak.runs ? "every run ends with an assertion at its start" : null
  }
  return `no change of behaviour in ${all} runs`
}

/**
 * The first unexpected finding of a copy with a bug that the same seed does not show without it; null: none in so many runs.
 * @type {(swaplab: Swaplab, healthy: Swaplab, runs: number, tell?: (runs: number) => void) => (Finding & { after: number }) | null}
 */
export const hunt = (swaplab, healthy, runs, tell = () => {}) => {
  for (let first = 1; first <= runs; first += BATCH) {
    const soak = soakOf(swaplab, first, Math.min(BATCH, runs - first + 1))
    if (soak === null) {
      return {
        signature: "swaplab ended without a result",
        runs: 1,
        seed: first,
        client: null,
        expected: null,
        after: first
      }
    }
    for (const finding of unexpected(soak)) {
      const same = soakOf(healthy, finding.seed, 1)
      if (same?.findings.some(({ signature }) => signature === finding.signature) !== true) {
        return { ...finding, after: finding.seed }
      }
    }
    tell(first + BATCH - 1)
  }
  return null
}

/** Entries of `faults` in a scenario file. @type {(yaml: string) => number} */
export const faultEvents = (yaml) => {
  const lines = yaml.split("\n")
  const at = lines.findIndex((line) => line.startsWith("faults:"))
  if (at < 0) return 0
  const end = lines.findIndex((line, i) => i > at && /^\S/.test(line) && !line.startsWith("-"))
  return lines.slice(at + 1, end < 0 ? undefined : end).filter((line) => /^\s*- /.test(line) && /what:/.test(line))
    .length
}
