// What counts as progress of one client, sampled by the watchdog.
import type { Machine } from "@swaplab/kernel"
import { PGSTEAL_DIRECT_DMA, PGSTEAL_KSWAPD_DMA } from "@swaplab/page-alloc"
import type { ServerConnection } from "@swaplab/server-model"

/** Zones that a counter is kept for: DMA, DMA32, Normal, Movable. */
export const ZONES = 4

/** Progress of one client: numbers that only grow, and the pages of its slabs. */
export interface ProgressSample {
  /** Touches of pages by the workload. */
  readonly touched: number
  /** Block requests completed. */
  readonly completions: number
  /** Pages that reclaim has freed. */
  readonly reclaimed: number
  /** Bytes of its connections that the server acknowledged, and that the client received in order. */
  readonly acknowledged: number
  readonly received: number
  /** Pages of slabs: SLAB's reaper gives some back every few seconds. */
  readonly slabPages: number
}

/** Pages that reclaim has freed so far, kswapd and direct reclaim together. */
export const pagesReclaimed = ({ pages }: Machine): number => {
  const { items } = pages.vmstat
  let sum = 0
  for (let zone = 0; zone < ZONES; zone++) sum += items[PGSTEAL_KSWAPD_DMA + zone] + items[PGSTEAL_DIRECT_DMA + zone]
  return sum
}

/** Reads the progress of a machine and of its connections. */
export const sampleProgress = (machine: Machine, connections: ReadonlyArray<ServerConnection>): ProgressSample => ({
  touched: machine.touched,
  completions: machine.disk.counters.completed + (machine.root?.device.queue.counters.completed ?? 0),
  reclaimed: pagesReclaimed(machine),
  acknowledged: connections.reduce((sum, { clientSocket }) => sum + clientSocket.sndUna, 0),
  received: connections.reduce((sum, { clientSocket }) => sum + clientSocket.rcvNxt, 0),
  slabPages: machine.objects.slabPages()
})

/** Requests under way on the swap device and on that of the root image, and pages with dm-crypt. */
export const requestsInFlight = ({ disk, root, swapSetup }: Machine): number =>
  disk.inFlight() + (swapSetup.crypt?.inFlight ?? 0) + (root?.device.queue.inFlight() ?? 0)

/** Nothing at all happened between two samples. */
export const noProgress = (a: ProgressSample, b: ProgressSample): boolean =>
  a.touched === b.touched && a.completions === b.completions && a.reclaimed === b.reclaimed &&
  a.acknowledged === b.acknowledged && a.received === b.received && b.slabPages >= a.slabPages
