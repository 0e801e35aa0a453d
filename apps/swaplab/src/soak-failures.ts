// The folders of findings: everything that is needed to see one again, to look at it, and to explain it.
import * as FileSystem from "@effect/platform/FileSystem"
import type { LockupReport } from "@swaplab/cluster"
import { toYaml } from "@swaplab/config"
import {
  EVERYTHING,
  experimentOf,
  explain,
  type Explanation,
  findAgain,
  makeFolder,
  makePlan,
  reasonOf,
  resultFiles,
  shrinkFinding,
  type Shrunk,
  type Soak,
  type SoakExample,
  type SoakFinding,
  type SoakGroup,
  writeFiles
} from "@swaplab/experiment"
import { closeUpCsv, graphSvg, renderReport, renderWhy, roomSvg, type Ticker, timelineSvg } from "@swaplab/report"
import { Effect, Option } from "effect"
import { join } from "node:path"
import { UsageError } from "./exit.ts"
import type { Out } from "./out.ts"

/** Which findings are made smaller. */
export type Which = "unexpected" | "all" | "none"

/** How long a search for the smallest scenario may take, in milliseconds, and how many runs. */
const SHRINK_MS = 60_000
const SHRINK_RUNS = 400

/** Last of all: a folder that has it is whole. */
const LAST = "finding.txt"

type File = readonly [name: string, content: string | Uint8Array]

/** `lockup-tx-starvation-seed-17`: a signature up to its cycle. */
const nameOf = ({ finding, seed, signature }: SoakGroup): string => {
  const words = signature.split(";")[0].toLowerCase().replaceAll(/[^a-z]+/g, "-").replaceAll(/^-|-$/g, "")
  return `${finding.expected === null ? "" : "expected-"}${words.slice(0, 60)}-seed-${seed}`
}

const smallerText = (shrunk: Shrunk<SoakFinding> | null): string => {
  if (shrunk === null) return "made smaller: not, because the run did not show it again"
  const { finished, interrupted, kept, runs } = shrunk
  const end = finished ? "no further step keeps it" : interrupted ? "its time was up" : "its runs were used up"
  return `made smaller: smallest.yaml, ${kept.length} steps in ${runs} runs; ${end}`
}

const textOf = (
  { drawn, finding, run }: SoakExample,
  plan: Soak["plan"],
  folder: string,
  smaller: string | null
): string => {
  const of = `${plan.file === EVERYTHING.file ? "" : ` ${plan.file}`}${plan.canary ? " --canary" : ""}`
  const closer = run === null || finding.client === null ? [] : [
    `swaplab why ${folder} --client ${finding.client}`,
    `swaplab replay ${folder} meminfo --client ${finding.client} --at ${(run.simulatedNs / 1e9).toFixed(3)}s`
  ]
  return [
    `seed ${drawn.seed}: ${finding.signature}`,
    ...(finding.expected === null ? [] : [`expected: ${finding.expected}`]),
    ...(run === null ? [] : [`fingerprint ${run.fingerprint}`]),
    ...(run?.endedEarly === undefined ? [] : [run.endedEarly]),
    ...(smaller === null ? [] : [smaller]),
    "",
    finding.detail,
    "",
    "see it again with:",
    `  swaplab soak${of} --seed ${drawn.seed} --runs 1`,
    ...(closer.length === 0 ? [] : ["", "look closer with:", ...closer.map((command) => `  ${command}`)]),
    ""
  ].join("\n")
}

/** The seconds before a lockup at a grain of a millisecond; nothing where there is none, or the whole run shows another one. */
const closeUp = ({ drawn, finding, run }: SoakExample, lockup: LockupReport | null) => {
  if (lockup === null || run === null || finding.client === null) return Effect.succeed(Option.none<Explanation>())
  const { atNs, kind, sinceNs, taxonomy, text } = lockup
  const saved = { file: drawn.loaded.file, loaded: drawn.loaded, runs: [], findings: [], lockups: [], timeouts: [] }
  const found = { kernel: run.kernel, seed: run.seed, client: finding.client, atNs, kind, sinceNs, taxonomy, text }
  return Effect.option(explain(saved, found, { beforeNs: 0, limitNs: null, lookOnly: true }))
}

const drawingsOf = (example: SoakExample) =>
  Effect.gen(function*() {
    const { drawn, finding, run } = example
    const client = run?.clients.find(({ name }) => name === finding.client)
    const report = client?.lockup ?? client?.standstill ?? client?.livelock ?? null
    if (report === null) return []
    const of = `seed ${drawn.seed}`
    const files: Array<File> = [["graph.svg", graphSvg(report, of)]]
    const looked = Option.getOrNull(yield* closeUp(example, client?.lockup ?? null))
    if (looked !== null) {
      files.push(
        ["timeline.svg", timelineSvg(looked.report, looked.closeUp, looked.momentNs, of)],
        ["timeline.csv", closeUpCsv(looked.closeUp)],
        ["why.txt", renderWhy(looked)]
      )
    }
    return files
  })

/** What was run and what came of it, as `swaplab run --out` writes it. */
const resultOf = ({ drawn, run }: SoakExample) =>
  Effect.gen(function*() {
    if (run === null) return []
    const results = { results: new Map([[0, { run }]]), found: 0, failures: [], interrupted: false }
    const result = experimentOf(yield* makePlan(drawn.loaded), results)
    return [...resultFiles(result, renderReport(result)), ["room.svg", roomSvg(run)] as const]
  })

/** The smallest scenario. */
const smallest = (soak: Soak, example: SoakExample, ticker: Ticker) => {
  const end = performance.now() + SHRINK_MS
  return shrinkFinding(soak.plan, example, {
    maxRuns: SHRINK_RUNS,
    timeUp: () => performance.now() > end,
    onProgress: ({ kept, runs, trying }) =>
      ticker.show(`making seed ${example.drawn.seed} smaller: ${runs} runs, ${kept} kept, now: ${trying}`)
  }).pipe(Effect.catchTag("RunFailure", () => Effect.succeed(null)))
}

/** Writes the folder of one signature, where it is not there yet. */
const folderOf = (soak: Soak, group: SoakGroup, which: Which, out: Out, ticker: Ticker) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const folder = join(out.directory, "failures", nameOf(group))
    if (yield* fs.exists(join(folder, LAST))) return
    const known = soak.examples.get(`${group.finding.expected === null} ${group.signature}`)
    // of a run that the directory had, its figures are not there
    const example = known?.drawn.seed === group.seed ? known : yield* findAgain(soak.plan, group)
    if (example === null) return
    yield* makeFolder(folder)
    const { drawn, finding } = example
    const title = [finding.signature.slice(0, 200)]
    yield* writeFiles(folder, [
      ["scenario.yaml", toYaml(drawn.given, title)],
      ...(yield* resultOf(example)),
      ...(yield* drawingsOf(example))
    ])
    const wanted = which === "all" || (which === "unexpected" && finding.expected === null)
    const shrunk = wanted ? yield* smallest(soak, example, ticker) : null
    yield* writeFiles(folder, [
      ...(shrunk === null ? [] : [["smallest.yaml", toYaml(shrunk.given, title)] as const]),
      [LAST, textOf(example, soak.plan, folder, wanted ? smallerText(shrunk) : null)]
    ])
  })

/** Writes the folders of all signatures, unexpected ones first. */
export const writeFailures = (soak: Soak, which: Which, out: Out, ticker: Ticker) =>
  Effect.forEach(soak.groups, (group) => folderOf(soak, group, which, out, ticker), { discard: true }).pipe(
    Effect.catchTags({
      NoFolder: ({ path, reason }) => new UsageError({ message: `--out: ${path} ${reason}` }),
      BadArgument: (error) => new UsageError({ message: `--out: cannot be written to: ${reasonOf(error)}` }),
      SystemError: (error) => new UsageError({ message: `--out: cannot be written to: ${reasonOf(error)}` })
    })
  )
