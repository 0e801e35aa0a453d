// The report of a soak test of a real server: what was done to it, what of that was seen, and what it did wrong.
import { plural } from "@swaplab/config"
import { BLANK, type Block, type Document, item, key, paragraph, right, section, table } from "./document.ts"
import { PLAIN, type Sheet } from "./sheet.ts"
import { drawText } from "./text.ts"

/** A soak test of a real server so far. */
export interface ServerSoak {
  readonly server: string
  readonly file: string
  readonly firstSeed: number
  readonly runs: number
  readonly clients: number
  readonly simulatedNs: number
  readonly requests: number
  /** Replies with an error, and connections that were lost. */
  readonly errors: number
  readonly lost: number
  /** Pages that were read back at the ends of runs, and runs whose last pass ended early. */
  readonly passPages: number
  readonly passesEnded: number
  /** Each fault that could be made: how often it was, and how often its effect was seen. */
  readonly faults: ReadonlyArray<{ readonly name: string; readonly made: number; readonly hit: number }>
  /** Faults that nobody could make, and why. */
  readonly notMade: string | null
  /** Runs by how they ended. */
  readonly outcomes: Readonly<Record<string, number>>
  /** Runs that were later than a judged run may be: their times say nothing, their contents do. */
  readonly late: number
  /** Seeds, and what the server did wrong. */
  readonly findings: ReadonlyArray<{ readonly seed: number; readonly what: string }>
  /** Pages that were gone after the user's command had killed the server. */
  readonly lostToKills: number
  /** Laws that did not hold: faults of swaplab. */
  readonly brokenLaws: ReadonlyArray<string>
  readonly ended: "time" | "runs" | "failure" | "interrupted"
}

/** Findings that are named. */
const NAMED = 20

const faultBlocks = ({ faults, notMade }: ServerSoak): ReadonlyArray<Block> => [
  ...(faults.length === 0 ? [] : [
    table(
      [key("fault"), right("made"), right("seen")],
      faults.map(({ hit, made, name }) => [name, `${made}`, `${hit}`])
    )
  ]),
  ...(notMade === null ? [] : [paragraph(notMade, "warn")])
]

const documentOf = (soak: ServerSoak): Document => {
  const { brokenLaws, findings } = soak
  const ends = Object.entries(soak.outcomes).map(([outcome, runs]) => `${runs} ${outcome}`).join(", ")
  return [
    ...section(null, [
      item(`${soak.server} (clients of ${soak.file})`, "strong"),
      BLANK,
      paragraph(
        `${plural(soak.runs, "run")} from seed ${soak.firstSeed} of ${plural(soak.clients, "client")}, ${
          (soak.simulatedNs / 3.6e12 * soak.clients).toFixed(3)
        } client-hours: ${ends}.`
      ),
      paragraph(
        `${plural(soak.requests, "request")}, ${plural(soak.errors, "reply with an error", "replies with an error")}, ${
          plural(soak.lost, "connection")
        } lost. Read back at the ends of runs: ${plural(soak.passPages, "page")}; ${
          plural(soak.passesEnded, "last pass", "last passes")
        } ended early.`
      ),
      ...(soak.lostToKills === 0 ? [] : [paragraph(`Gone with kills: ${plural(soak.lostToKills, "page")}.`)]),
      ...(soak.late === 0
        ? []
        : [paragraph(`${plural(soak.late, "run")} late: its times are not to be judged.`, "warn")]),
      paragraph(
        findings.length === 0 ? "Every page that came back was right." : `${plural(findings.length, "finding")}.`,
        findings.length === 0 ? "good" : "bad"
      )
    ]),
    ...section("Faults of the server", faultBlocks(soak)),
    ...(findings.length === 0 ? [] : section("What the server did wrong", [
      ...findings.slice(0, NAMED).map(({ seed, what }) => item(`  seed ${seed}: ${what}`, "bad")),
      ...(findings.length > NAMED ? [paragraph(`And ${findings.length - NAMED} more.`)] : [])
    ])),
    ...(brokenLaws.length === 0 ? [] : section("Broken laws", brokenLaws.map((law) => item(`  ${law}`, "bad"))))
  ]
}

/** The report as text; it ends with a line feed. */
export const renderServerSoak = (soak: ServerSoak, sheet: Sheet = PLAIN): string => drawText(documentOf(soak), sheet)
