// The report of swaplab soak: what was run, findings by signature, and what was reached.
import { plural } from "@swaplab/config"
import type { Soak, SoakGroup } from "@swaplab/experiment"
import { BLANK, type Block, type Document, item, paragraph, section } from "./document.ts"
import { PLAIN, type Sheet } from "./sheet.ts"
import { drawText } from "./text.ts"

/** Rows of the coverage table that were reached. */
const reachedOf = (coverage: ReadonlyMap<string, number>): number => [...coverage.values()].filter((n) => n > 0).length

const shareOf = (coverage: ReadonlyMap<string, number>): string =>
  `${Math.floor(1000 * reachedOf(coverage) / coverage.size) / 10} %`

/** A row in two: what it is of, and what of that. `fault restart: hit` is of the fault restart, `vmstat pswpin` of vmstat. */
const partsOf = (row: string): readonly [of: string, what: string] => {
  const colon = row.indexOf(": ")
  const end = colon < 0 ? row.indexOf(" ") : colon
  return [row.slice(0, end), row.slice(end + (colon < 0 ? 1 : 2))]
}

/** How many rows of each kind were reached, and then those that never were, by what they are of. */
const coverageBlocks = (coverage: ReadonlyMap<string, number>): ReadonlyArray<Block> => {
  const kinds = new Map<string, { reached: number; rows: number }>()
  const missed = new Map<string, Array<string>>()
  for (const [row, count] of coverage) {
    const [of, what] = partsOf(row)
    const [name] = of.split(" ")
    const kind = kinds.get(name) ?? { reached: 0, rows: 0 }
    kinds.set(name, { reached: kind.reached + (count > 0 ? 1 : 0), rows: kind.rows + 1 })
    if (count === 0) missed.set(of, [...(missed.get(of) ?? []), what])
  }
  return [
    paragraph(`Reached: ${[...kinds].map(([name, { reached, rows }]) => `${name} ${reached} of ${rows}`).join(", ")}.`),
    ...(missed.size === 0 ? [] : [paragraph("Never reached:")]),
    ...[...missed].map(([of, whats]) => paragraph(`${of}: ${whats.join(", ")}`))
  ]
}

/** The line about a soak test that goes on. */
export const soakProgress = (
  { clientNs, coverage, groups, runs }: {
    readonly runs: number
    readonly clientNs: number
    readonly groups: ReadonlyArray<SoakGroup>
    readonly coverage: ReadonlyMap<string, number>
  }
): string => {
  const unexpected = groups.filter(({ finding }) => finding.expected === null)
  const runsOf = (of: ReadonlyArray<SoakGroup>): number => of.reduce((sum, group) => sum + group.runs, 0)
  return `${plural(runs, "run")}, ${(clientNs / 3.6e12).toFixed(2)} client-hours, ${
    plural(runsOf(unexpected), "unexpected finding")
  } of ${plural(unexpected.length, "signature")}, ${runsOf(groups) - runsOf(unexpected)} expected, coverage ${
    shareOf(coverage)
  }`
}

const groupBlocks = ({ finding, runs, seed, signature }: SoakGroup): ReadonlyArray<Block> => [
  item(`${plural(runs, "run")}, seed ${seed}: ${signature}`, finding.expected === null ? "bad" : "strong"),
  ...(finding.expected === null ? [] : [paragraph(`Expected: ${finding.expected}`)])
]

/** Three digits are as many as an interval from a count deserves. */
const perThousand = (rate: number): string => Number.isFinite(rate) ? String(Number(rate.toPrecision(3))) : "unknown"

const soakDocument = (soak: Soak): Document => {
  const { clientHours, coverage, cut, firstSeed, groups, lockups, lockupsPer1000Hours: [low, high], plan, runs } = soak
  const unexpected = groups.filter(({ finding }) => finding.expected === null)
  const expected = groups.filter(({ finding }) => finding.expected !== null)
  return [
    ...section(null, [
      item(`${plan.name} (${plan.file})`, "strong"),
      BLANK,
      paragraph(`${plural(runs, "run")} from seed ${firstSeed}, ${clientHours.toFixed(2)} client-hours.`),
      ...(cut === 0 ? [] : [paragraph(`${plural(cut, "run")} cut short: slow, not stuck.`)]),
      paragraph(
        `${plural(lockups, "client")} locked up: ${
          perThousand(lockups / clientHours * 1000)
        } in 1,000 client-hours, 95 %: ${perThousand(low)} to ${perThousand(high)} (Poisson, exact).`
      ),
      paragraph(
        unexpected.length === 0 ? "No unexpected finding." : `${plural(unexpected.length, "unexpected signature")}.`,
        unexpected.length === 0 ? "good" : "bad"
      )
    ]),
    ...(unexpected.length === 0 ? [] : section("Unexpected", unexpected.flatMap(groupBlocks))),
    ...(expected.length === 0 ? [] : section("Expected", expected.flatMap(groupBlocks))),
    ...section(
      `Coverage: ${reachedOf(coverage)} of ${coverage.size} rows (${shareOf(coverage)})`,
      coverageBlocks(coverage)
    )
  ]
}

/** The report as text; it ends with a line feed. */
export const renderSoak = (soak: Soak, sheet: Sheet = PLAIN): string => drawText(soakDocument(soak), sheet)
