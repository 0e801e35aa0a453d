// What goes over a cable in a run, as a pcapng file.
import { cableNamesOf, type ClusterRun, recordCable } from "@swaplab/cluster"
import { PcapngWriter, readNbdCapture, writeIolog } from "@swaplab/formats"
import { Effect } from "effect"

/** More than this is not opened by anything in reasonable time. */
const MAX_BYTES = 512 * 1024 * 1024

/** Events between two moments at which the run can be interrupted. */
const SLICE = 20_000

/** A run with a recorder at one of its cables, at its start. */
export interface Capture {
  /** It ends before the run, because it was full; null: it is whole. */
  readonly fullAtNs: number | null
  /** Goes to a time, or to the end of the run. */
  readonly goTo: (untilNs: number) => Effect.Effect<void>
  /** The file. */
  readonly bytes: () => Uint8Array
}

/** Puts a recorder to a cable. Without such a cable: the names of those that there are. */
export const captureOf = (
  run: ClusterRun,
  cable: string | undefined
): Capture | { readonly cables: ReadonlyArray<string> } => {
  const writer = new PcapngWriter(cable ?? "")
  let size = 0
  let fullAtNs: number | null = null
  const recorded = cable !== undefined && recordCable(run.cluster, cable, (atNs, bytes) => {
    if (fullAtNs !== null) return
    size += bytes.length
    if (size > MAX_BYTES) fullAtNs = atNs
    else writer.packet(atNs, bytes)
  })
  if (!recorded) return { cables: cableNamesOf(run.cluster) }
  const goTo = (untilNs: number): Effect.Effect<void> =>
    Effect.suspend(() =>
      fullAtNs === null && run.advance(untilNs, SLICE) === "events"
        ? Effect.zipRight(Effect.yieldNow(), goTo(untilNs))
        : Effect.void
    )
  return {
    get fullAtNs() {
      return fullAtNs
    },
    goTo,
    bytes: () => writer.bytes()
  }
}

/** The requests of NBD in a capture as an iolog of fio: the swap stream of the client at the cable. */
export const swapIolog = (capture: Uint8Array): string => writeIolog(readNbdCapture(capture).value.requests)
