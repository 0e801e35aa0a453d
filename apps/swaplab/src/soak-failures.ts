// The folder of a finding: everything that is needed to see it again, and to explain it.
import { toYaml } from "@swaplab/config"
import {
  experimentOf,
  jsonFile,
  makeFolder,
  makePlan,
  reasonOf,
  resultJson,
  type SoakExample,
  writeFiles
} from "@swaplab/experiment"
import { graphSvg } from "@swaplab/report"
import { Effect } from "effect"
import { join } from "node:path"
import { UsageError } from "./exit.ts"
import type { Out } from "./out.ts"

/** `lockup-tx-starvation-seed-17`: a signature up to its cycle. */
const nameOf = ({ drawn, finding }: SoakExample): string => {
  const words = finding.signature.split(";")[0].toLowerCase().replaceAll(/[^a-z]+/g, "-").replaceAll(/^-|-$/g, "")
  return `${words.slice(0, 60)}-seed-${drawn.seed}`
}

const textOf = ({ drawn, finding, run }: SoakExample, folder: string): string => {
  const replay = `swaplab run ${folder}/scenario.yaml`
  const more = run === null || finding.client === null
    ? []
    : [`swaplab why ${folder} --client ${finding.client}`, `swaplab shrink ${folder} --client ${finding.client}`]
  return [
    `seed ${drawn.seed}: ${finding.signature}`,
    ...(finding.expected === null ? [] : [`expected: ${finding.expected}`]),
    ...(run === null ? [] : [`fingerprint ${run.fingerprint}`]),
    "",
    finding.detail,
    "",
    "see it again with:",
    ...[replay, ...more].map((command) => `  ${command}`),
    ""
  ].join("\n")
}

/** Writes it. */
export const failureFiles = (out: Out, example: SoakExample) =>
  Effect.gen(function*() {
    const { drawn, finding, run } = example
    const folder = join(out.directory, "failures", nameOf(example))
    yield* makeFolder(folder)
    const report = run?.clients.find(({ name }) => name === finding.client)?.lockup ?? null
    const plan = yield* makePlan(drawn.loaded)
    const files: Array<readonly [string, string]> = [
      ["scenario.yaml", toYaml(drawn.given, [finding.signature.slice(0, 200)])],
      ["finding.txt", textOf(example, folder)]
    ]
    if (run !== null) {
      const results = { results: new Map([[0, { run }]]), found: 0, failures: [], interrupted: false }
      files.push(["result.json", jsonFile(resultJson(experimentOf(plan, results)))])
    }
    if (report !== null) files.push(["graph.svg", graphSvg(report, `seed ${drawn.seed}`)])
    yield* writeFiles(folder, files)
  }).pipe(
    Effect.catchTags({
      NoFolder: ({ path, reason }) => new UsageError({ message: `--out: ${path} ${reason}` }),
      BadArgument: (error) => new UsageError({ message: `--out: cannot be written to: ${reasonOf(error)}` }),
      SystemError: (error) => new UsageError({ message: `--out: cannot be written to: ${reasonOf(error)}` })
    })
  )
