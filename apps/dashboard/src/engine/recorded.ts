// A result that swaplab run --out has left, for the page: its runs as an engine would tell them, all at once.
import { readRecording, type Recording } from "@swaplab/experiment"
import { asFile, factsOf, NoColumn, type Opened, recordedRows } from "@swaplab/live"
import { Either } from "effect"
import type { NamedFile, PageAnswer } from "./messages.ts"

type Tell = (answer: PageAnswer) => void

/** What the page may ask of a result that is shown. */
export interface ShownRecording {
  /** Shows another of its runs. */
  readonly choose: (at: number) => void
  /** Tells all of one client. */
  readonly look: (client: string) => void
}

const openedOf = ({ loaded }: Recording, kernel: string, seed: number): Opened => ({
  scenario: loaded.scenario,
  kernel,
  seed,
  yaml: asFile(loaded)
})

/** One run of it: facts, rows, faults, and how it ended. */
const tellRun = (recording: Recording, at: number, tell: Tell): string | null => {
  const { runs } = recording
  const { events, faults, fingerprint, kernel, outcome, seed, series, simulatedNs } = runs[at]
  const facts = factsOf(openedOf(recording, kernel, seed))
  try {
    const { batch, every } = recordedRows(facts, series)
    tell({ kind: "loaded", facts })
    const words = runs.map((run) => `${run.kernel}, seed ${run.seed}: ${run.outcome}`)
    tell({ kind: "recorded", recorded: { runs: words, at, every } })
    tell({
      kind: "rows",
      nowNs: simulatedNs,
      batch,
      snapshots: [],
      faults,
      ended: { outcome, fingerprint, events },
      still: true
    })
    return facts.clients[0].name
  } catch (error) {
    if (!(error instanceof NoColumn)) throw error
    tell({
      kind: "mistake",
      message: `series.msgpack: ${error.message}: it is of another version of swaplab, run the scenario again`
    })
    return null
  }
}

/** What is shown of a client over time: as it was at each sample, or what a counter gained in a second before it. */
const FIGURES: ReadonlyArray<readonly [column: string, title: string, kind: "level" | "rate"]> = [
  ["nr_free_pages", "Free pages", "level"],
  ["nr_active_anon", "Pages on the active list", "level"],
  ["nr_inactive_anon", "Pages on the inactive list", "level"],
  ["nr_writeback", "Pages under writeback", "level"],
  ["slab_pages", "Pages of the slab allocator", "level"],
  ["requests", "Requests of its swap device", "level"],
  ["pages_touched", "Pages touched, each second", "rate"],
  ["pswpout", "Pages swapped out, each second", "rate"],
  ["pswpin", "Pages swapped in, each second", "rate"],
  ["major_faults", "Page-ins that a program waited for, each second", "rate"],
  ["pgscan_direct_throttle", "Throttled reclaims, each second", "rate"],
  ["retransmits", "Segments sent again, each second", "rate"],
  ["drops", "Packets lost, each second", "rate"]
]

/** What a counter gained in a second, at each sample. One that is smaller than before has begun anew: its machine has booted. */
const ratesOf = (timesNs: Float64Array, values: Float64Array): Float64Array =>
  values.map((value, i) => {
    if (i === 0 || timesNs[i] === timesNs[i - 1]) return 0
    const before = values[i - 1]
    return (value < before ? value : value - before) / (timesNs[i] - timesNs[i - 1]) * 1e9
  })

/** All of one client. */
const tellClient = ({ runs }: Recording, at: number, name: string, tell: Tell): void => {
  const { clients, series: { columns, timesNs } } = runs[at]
  const client = clients.find((one) => one.name === name)
  if (client === undefined) return
  const named = new Map(columns.map((column) => [column.name, column.values]))
  tell({
    kind: "closely",
    closely: {
      client: name,
      outcome: client.outcome,
      report: client.lockup ?? client.livelock ?? client.standstill ?? client.rescue,
      timesNs,
      figures: FIGURES.flatMap(([column, title, kind]) => {
        const values = named.get(`${name}.${column}`)
        return values === undefined ? [] : [{ title, values: kind === "level" ? values : ratesOf(timesNs, values) }]
      })
    }
  })
}

/** Shows the first run of a result; null where the files are none, which is told. */
export const showRecording = (files: ReadonlyArray<NamedFile>, tell: Tell): ShownRecording | null => {
  const read = readRecording(files)
  if (Either.isLeft(read)) {
    tell({ kind: "mistake", message: read.left.message })
    return null
  }
  const recording = read.right
  let at = 0
  const choose = (wanted: number): void => {
    at = wanted
    const first = tellRun(recording, at, tell)
    if (first !== null) tellClient(recording, at, first, tell)
  }
  choose(0)
  return { choose, look: (client) => tellClient(recording, at, client, tell) }
}
