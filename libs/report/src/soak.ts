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

const soakDocument = (soak: Soak): Document => {
  const { clientHours, coverage, firstSeed, groups, plan, runs } = soak
  const unexpected = groups.filter(({ finding }) => finding.expected === null)
  const expected = groups.filter(({ finding }) => finding.expected !== null)
  const missed = [...coverage].filter(([, count]) => count === 0).map(([row]) => row)
  const reached = [...coverage].filter(([, count]) => count > 0)
  return [
    ...section(null, [
      item(`${plan.name} (${plan.file})`, "strong"),
      BLANK,
      paragraph(`${plural(runs, "run")} from seed ${firstSeed}, ${clientHours.toFixed(2)} client-hours.`),
      paragraph(
        unexpected.length === 0 ? "No unexpected finding." : `${plural(unexpected.length, "unexpected signature")}.`,
        unexpected.length === 0 ? "good" : "bad"
      )
    ]),
    ...(unexpected.length === 0 ? [] : section("Unexpected", unexpected.flatMap(groupBlocks))),
    ...(expected.length === 0 ? [] : section("Expected", expected.flatMap(groupBlocks))),
    ...section(`Coverage: ${reached.length} of ${coverage.size} rows (${shareOf(coverage)})`, [
      ...(reached.length === 0
        ? []
        : [paragraph(`Reached: ${reached.map(([row, n]) => `${row} (${n})`).join("; ")}.`)]),
      ...(missed.length === 0 ? [] : [paragraph(`Never reached: ${missed.join("; ")}.`)])
    ])
  ]
}

/** The report as text; it ends with a line feed. */
export const renderSoak = (soak: Soak, sheet: Sheet = PLAIN): string => drawText(soakDocument(soak), sheet)
