// What a client looks like at one instant, as plain data: memory against its watermarks, requests, sockets, tasks and whom they
// wait for. Reading it changes nothing of the run.
import {
  NR_ACTIVE_ANON,
  NR_ACTIVE_FILE,
  NR_INACTIVE_ANON,
  NR_INACTIVE_FILE,
  NR_WRITEBACK,
  PSWPIN,
  PSWPOUT
} from "@swaplab/page-alloc"
import type { ClientRun } from "./client-run.ts"
import type { ClusterRun } from "./cluster-run.ts"
import type { LockupReport } from "./lockup-report.ts"
import { lockupReport } from "./lockup.ts"

/** Pages of a client by what they are used for. */
export interface PageUse {
  readonly present: number
  readonly free: number
  readonly activeAnon: number
  readonly inactiveAnon: number
  readonly activeFile: number
  readonly inactiveFile: number
  readonly writeback: number
  readonly slab: number
}

/** One client at one instant. Counts of pages, bytes and requests; times in simulated nanoseconds. */
export interface ClientSnapshot {
  readonly client: string
  readonly atNs: number
  readonly pages: PageUse
  /** Pages written to swap and read back so far, since the last boot. */
  readonly swapOut: number
  readonly swapIn: number
  /** Requests of the swap device: taken by the driver and not sent, sent and not answered. */
  readonly waiting: number
  readonly sent: number
  /** Bytes of its swap connection: queued to be sent or not acknowledged, and received while its owner was busy. */
  readonly sendQueue: number
  readonly backlog: number
  /** Buffers that its card has for packets that arrive. */
  readonly receiveBuffers: number
  /** Packets that it has lost for want of memory. */
  readonly packetsLost: number
  /** Tasks, zones and the wait-for graph now, in the form of the report of a lockup; that of its lockup where it has one. */
  readonly report: LockupReport
  /** The report is the proof of a lockup. */
  readonly locked: boolean
}

/** Reads a client at this instant. */
export const clientSnapshot = ({ cluster }: ClusterRun, run: ClientRun): ClientSnapshot => {
  const { client, watchdog } = run
  const { machine, connection } = client
  const { objects, pages: { presentPages, vmstat: { items }, zones } } = machine
  return {
    client: client.spec.name,
    atNs: cluster.sim.now,
    pages: {
      present: presentPages,
      free: zones.reduce((sum, zone) => sum + zone.free, 0),
      activeAnon: items[NR_ACTIVE_ANON],
      inactiveAnon: items[NR_INACTIVE_ANON],
      activeFile: items[NR_ACTIVE_FILE],
      inactiveFile: items[NR_INACTIVE_FILE],
      writeback: items[NR_WRITEBACK],
      slab: objects.slabPages()
    },
    swapOut: items[PSWPOUT],
    swapIn: items[PSWPIN],
    waiting: machine.disk.inFlight() - (machine.nbd?.sentCount ?? 0),
    sent: machine.nbd?.sentCount ?? 0,
    sendQueue: connection.clientSocket.wmemQueued,
    backlog: connection.clientSocket.backlogLen,
    receiveBuffers: machine.nic.rx.posted + machine.nic.rx.arrived,
    packetsLost: run.packetsLost,
    report: run.lockup ?? lockupReport(connection, {
      kind: "stall",
      sinceNs: Math.max(watchdog.lastTouch, watchdog.lastCompletion),
      lastCompletionNs: watchdog.lastCompletion,
      packetsLost: run.packetsLost - run.lostAtCompletion
    }),
    locked: run.lockup !== null
  }
}
