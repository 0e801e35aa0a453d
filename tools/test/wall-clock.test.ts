// No test depends on how busy the machine is: it waits for what happens and not for a time, counts what was done and not how
// long that took, and has no limit that a slow machine could reach. tools/src/runner.ts ends tests that hang.
import { expect, it } from "vitest"
import { files, read } from "../src/workspace.mjs"

/** What makes a test depend on the time that things take, and the calls that do that. */
const DEPENDS: Readonly<Record<string, RegExp>> = {
  "the clock": /\bDate\.now\b|\bnew Date\(\)|\bperformance\.(now|timeOrigin)\b|\bhrtime\b/,
  "a pause": /\bset(Timeout|Interval)\b|\btimers\/promises\b|\bAtomics\.wait\b|\btime\.sleep\b|\bsleep \d/,
  "a pause of Effect": /\bEffect\.(sleep|delay|timeout\w*|retry\w*)\b|\bSchedule\.\w+/,
  "the cores": /\bavailableParallelism\b|\bcpus\(\)|\bloadavg\b/,
  "another try": /\bretry: \d|\bvi\.wait(For|Until)\b|\bexpect\.poll\b/,
  "a limit of its own": /^\s*\}, [\d_]{4,}\)$|\b(timeout|testTimeout|hookTimeout): [\d_]{3,}|\bAbortSignal\.timeout\b/
}

/** Where one of them is right, and why. */
const ALLOWED: ReadonlyArray<readonly [file: RegExp, what: string, why: string]> = [
  [/^libs\/sim\/test\//, "a pause of Effect", "the clock is the one of the simulation"],
  [/^apps\/swaplab\/test\/proc\.test\.ts$/, "the cores", "the load of an emulated machine"],
  [/^apps\/swaplab\/test\/fake\/src\/simulate\.ts$/, "a pause", "between two looks at whether it is to stop"],
  [/^e2e\/nbd-server\/src\/a-while\.ts$/, "a pause", "between two looks at a condition"],
  [/^e2e\/src\/command\.ts$/, "a pause", "between two looks at a condition"],
  [/^e2e\/test\/docs\.test\.ts$/, "a limit of its own", "ends a test that hangs, later than the runner would"],
  [/^tools\/test\/repository\.test\.ts$/, "a pause", "looks for it in the sources"]
]

const tests = files().filter((path) =>
  /^(e2e|(apps|libs)\/[^/]+\/test|tools\/test)\/.*\.(ts|mjs)$/.test(path) && path !== "tools/test/wall-clock.test.ts"
)

const found = tests.flatMap((path) =>
  Object.entries(DEPENDS).flatMap(([what, pattern]) =>
    read(path).split("\n").flatMap((line, i) => pattern.test(line) ? [{ path, what, line: i + 1 }] : [])
  )
)

it("nothing in a test depends on the time that things take, but for what is listed", () => {
  const others = found.filter(({ path, what }) =>
    !ALLOWED.some(([file, allowed]) => what === allowed && file.test(path))
  )
  expect(others.map(({ line, path, what }) => `${path}:${line}: ${what}`)).toEqual([])
})

it("the list has nothing that is not there", () => {
  const unused = ALLOWED.filter(([file, allowed]) =>
    !found.some(({ path, what }) => what === allowed && file.test(path))
  )
  expect(unused.map(([file, what]) => `${file.source}: ${what}`)).toEqual([])
})
