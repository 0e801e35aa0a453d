// The whole report of an experiment, as the command prints it.
import {
  clientsOf,
  describeLoad,
  describeNuma,
  describeSwapLayers,
  loadsOf,
  type RunResult,
  type Scenario
} from "@swaplab/cluster"
import {
  formatDistribution,
  formatFinding,
  formatQuantity,
  formatTimeOfDay,
  plural,
  RATE,
  SIZE,
  TIME
} from "@swaplab/config"
import { comparisonsOf, type ExperimentResult, judge, runsOf } from "@swaplab/experiment"
import { applicationsTable } from "./applications.ts"
import { backgroundTable } from "./background.ts"
import { clientTable, counterTable } from "./clients.ts"
import { COMPARISON_LEGEND, comparisonTable } from "./comparison.ts"
import { BLANK, type Block, type Document, item, paragraph, section } from "./document.ts"
import { faultTable } from "./fault-table.ts"
import { interruption, lostSection, warningSection } from "./faults.ts"
import { gatewayTable } from "./gateway.ts"
import { lockupSection } from "./lockups.ts"
import { lostConnectionTable } from "./lost-connections.ts"
import { cableTable, causeLines, networkTable, portTable } from "./network.ts"
import { mapSection } from "./outcome-map.ts"
import { fingerprintWords, outcomeTable } from "./outcomes.ts"
import { imageTable, serverTable } from "./servers.ts"
import { PLAIN, type Sheet } from "./sheet.ts"
import { swapLayerTables } from "./swap-layers.ts"
import { drawText } from "./text.ts"
import { workloadTables } from "./workload.ts"

const MAX_FINDINGS = 20

/** Phrases with a comma after each but the last. */
const phrases = (list: ReadonlyArray<string>): ReadonlyArray<string> =>
  list.map((phrase, i) => (i < list.length - 1 ? `${phrase},` : phrase))

/** When the clients of a group start, unless that is the start of the run. */
const startWords = (start: Scenario["clients"][number]["start"]): ReadonlyArray<string> => {
  const text = formatDistribution(start)
  return text === "0 ns" ? [] : [`${start.name === "at" ? "starts at" : "starts by"} ${text}`]
}

/** What is emulated, in a few lines. */
const header = (result: ExperimentResult): Document => {
  const { kernels, loaded, seeds } = result.plan
  const scenario: Scenario = loaded.scenario
  const lines: Array<Block> = [item(`${scenario.name} (${loaded.file})`, "strong")]
  if (scenario.description !== "") lines.push(paragraph(scenario.description))
  for (const group of scenario.clients) {
    const [measured, ...background] = loadsOf(group, loaded.workloads)
    const words = [
      plural(group.count, "client"),
      `(${group.name}):`,
      `${formatQuantity(SIZE, group.ram)} of RAM,`,
      `${plural(group.cpus, "CPU")},`,
      `${formatQuantity(SIZE, group.swap)} of swap,`,
      ...describeNuma(group).map((phrase) => `${phrase},`),
      ...describeSwapLayers(group).map((phrase) => `${phrase},`),
      `${group.nic.driver},`,
      `${formatQuantity(RATE, group.link.rate)};`,
      ...phrases([...describeLoad(measured), ...startWords(group.start)])
    ]
    lines.push(paragraph(words.join(" ")))
    if (background.length > 0) {
      const others = background.map((load) => `${load.row.title ?? load.name} (${describeLoad(load).join(", ")})`)
      lines.push(paragraph(`in the background: ${others.join(", ")}`))
    }
  }
  const clients = clientsOf(scenario, kernels[0] ?? "").length
  lines.push(
    paragraph(
      `${plural(kernels.length, "kernel")} x ${plural(seeds.length, "seed")}, ${
        plural(clients, "client")
      } each, at most ${formatQuantity(TIME, scenario.duration)} of simulated time${
        scenario.clock === undefined ? "" : ` from ${formatTimeOfDay(scenario.clock)} on`
      }`
    )
  )
  return section(null, lines)
}

const comparisonSection = (result: ExperimentResult): ReadonlyArray<Block> => {
  const comparisons = comparisonsOf(result)
  const lines = comparisons.flatMap((comparison, i) => [...(i > 0 ? [BLANK] : []), ...comparisonTable(comparison)])
  return comparisons.some(({ rows }) => rows.length > 0) ? [...lines, BLANK, COMPARISON_LEGEND] : lines
}

const lawSection = (runs: ReadonlyArray<RunResult>): ReadonlyArray<Block> => {
  const laws = runs.flatMap((run) => run.laws.map((law) => ({ run, law })))
  if (laws.length === 0) return []
  const broken = laws.filter(({ law }) => !law.holds)
  const names = [...new Set(laws.map(({ law }) => law.law))].join(", ")
  if (broken.length === 0) return [item(`  All ${laws.length} checks hold: ${names}.`, "good")]
  return [
    item(
      `  ${broken.length} of ${laws.length} checks are broken. This is a fault of swaplab: please report it.`,
      "bad"
    ),
    ...broken.slice(0, MAX_FINDINGS).map(({ law, run }) =>
      item(`  ${run.kernel}, seed ${run.seed}: ${law.law}, ${law.subject}: ${law.detail}`, "bad")
    )
  ]
}

const findingSection = (result: ExperimentResult): ReadonlyArray<Block> => {
  const findings = judge(result).findings.filter(({ kind }) => kind !== "law")
  const lines = findings.slice(0, MAX_FINDINGS).map(({ kernel, seed, text }) =>
    item(`  ${kernel}, seed ${seed}: ${text}`, "bad")
  )
  const more = findings.length - MAX_FINDINGS
  return more > 0 ? [...lines, item(`  and ${more} more`, "bad")] : lines
}

/** Every warning once, with the number of runs that gave it where those are not all. */
const warningsOf = (result: ExperimentResult): ReadonlyArray<string> => {
  const counts = new Map<string, number>()
  for (const run of result.runs) {
    for (const warning of new Set(run.warnings)) counts.set(warning, (counts.get(warning) ?? 0) + 1)
  }
  return [
    ...result.plan.loaded.warnings.map(formatFinding),
    ...[...counts].map(([warning, n]) => `${warning}${n === result.runs.length ? "" : ` (${plural(n, "run")})`}`)
  ]
}

const fingerprintSection = (result: ExperimentResult): ReadonlyArray<Block> =>
  result.plan.kernels.flatMap((kernel) => {
    const words = fingerprintWords(runsOf(result.runs, kernel))
    return words.length === 0 ? [] : paragraph([`${kernel}:`, ...words].join(" "))
  })

const costSection = (result: ExperimentResult): Document => {
  const events = result.runs.reduce((total, run) => total + run.events, 0)
  const cpu = result.runs.reduce((total, run) => total + run.cpuSeconds, 0)
  const simulated = result.runs.reduce((total, run) => total + run.simulatedNs, 0) / 1e9
  if (cpu === 0) return []
  return section(null, [
    item(
      `${simulated.toFixed(1)} s simulated in ${cpu.toFixed(1)} s of CPU time: ${
        (simulated / cpu).toFixed(1)
      } s a second, ${(events / cpu / 1e6).toFixed(2)} million events a second`
    )
  ])
}

/** What the report of an experiment says, without what it has cost the host: the same results give the same document. */
export const runDocument = (result: ExperimentResult): Document => {
  const total = result.plan.jobs.filter((job) => job.field === null).length
  const partial = result.runs.some((run) => run.outcome === "stopped")
  return [
    ...header(result),
    ...(result.interrupted
      ? interruption(result.runs.length, total, partial ? ", the last ones in part" : "")
      : []),
    ...section("Outcomes", outcomeTable(result)),
    ...lostSection(result.failures),
    ...section("Workload of the clients (medians over seeds)", workloadTables(result)),
    ...section("Faults, and what followed (first seed of each kernel)", faultTable(result)),
    ...section("Connections lost, requests failed (first seed of each kernel)", lostConnectionTable(result)),
    ...section("Comparison", comparisonSection(result)),
    ...section("Map of outcomes", mapSection(result.map)),
    ...section("Clients (first seed of each kernel)", clientTable(result)),
    ...section("Compressed and encrypted swap (clients: first seed of each kernel)", swapLayerTables(result)),
    ...section("Background loads of a client (medians)", backgroundTable(result)),
    ...section("Counters (all clients, medians over seeds)", counterTable(result)),
    ...section("Network (medians over seeds)", networkTable(result)),
    ...section("Uplinks and aggregates", cableTable(result)),
    ...section("Ports of the switch (first seed of each kernel)", portTable(result)),
    ...section("What made page-ins wait in the network (first seed of each kernel)", causeLines(result)),
    ...section("Server (medians over seeds)", serverTable(result)),
    ...section("Real server behind the gateway (first seed of each kernel)", gatewayTable(result)),
    ...section("Images of roots (medians over seeds)", imageTable(result)),
    ...section("Server of the thin clients' programs (medians over seeds)", applicationsTable(result)),
    ...section("Lockups", lockupSection(result)),
    ...section("Laws", lawSection(result.runs)),
    ...section("Not as expected", findingSection(result)),
    ...warningSection(warningsOf(result)),
    ...section("Fingerprints (seed:fingerprint)", fingerprintSection(result))
  ]
}

/**
 * The report of an experiment as text; it ends with a line feed.
 *
 * **When to use.** For a terminal, a pipe or a file. Pages take `runPage`, machines the JSON of @swaplab/experiment.
 *
 * **Details.** `sheet` is the width in columns (at least 40; 80 without it) and whether tones become colours. Tables
 * that are too wide are drawn in parts.
 *
 * **Gotchas.** Its last section is what the runs have cost the host, so texts of equal results differ there. An interruption
 * is said, and each run that was lost to a bug.
 */
export const renderReport = (result: ExperimentResult, sheet: Sheet = PLAIN): string =>
  drawText([...runDocument(result), ...costSection(result)], sheet)
