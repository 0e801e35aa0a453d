// The columns of a close-up: what decides a lockup of one client, sampled every millisecond or so.
import type { KernelTask } from "@swaplab/kernel"
import type { Connection } from "./connection.ts"
import { pagesReclaimed } from "./progress.ts"
import type { SeriesRecorder } from "./series.ts"

/** Declares the columns. Those called `…_total` only grow. */
export const closeUpColumns = (
  recorder: SeriesRecorder,
  { machine, clientSocket }: Connection,
  packetsLost: () => number
): void => {
  const { pages, disk, nic, vmscan } = machine
  for (const zone of pages.populatedZones) recorder.column(`free_${zone.label.replaceAll(" ", "_")}`, () => zone.free)
  recorder.column("requests_in_flight", () => disk.inFlight())
  recorder.column("requests_sent", () => machine.nbd?.sentCount ?? 0)
  recorder.column("requests_completed_total", () => disk.counters.completed)
  recorder.column("pages_touched_total", () => machine.touched)
  recorder.column("pages_reclaimed_total", () => pagesReclaimed(machine))
  const tasks = (counts: (task: KernelTask) => boolean) => (): number => {
    let sum = 0
    for (const task of machine.userTasks) if (!task.finished && counts(task)) sum++
    return sum
  }
  recorder.column("tasks_in_d", tasks((task) => task.state === "uninterruptible"))
  recorder.column(
    "tasks_throttled",
    () => vmscan.pgdats.reduce((sum, { pfmemallocWait }) => sum + pfmemallocWait.waiters, 0)
  )
  recorder.column("tasks_refused", tasks((task) => task.refusal.open))
  recorder.column("packets_lost_total", packetsLost)
  recorder.column("rx_buffers", () => nic.rx.posted + nic.rx.arrived)
  recorder.column("backlog_bytes", () => clientSocket.backlogLen)
  recorder.column("send_queue_bytes", () => clientSocket.wmemQueued)
  recorder.column("unread_pages", () => machine.net.udpMemory.allocated)
  recorder.column("slab_pages", () => machine.objects.slabPages())
}
