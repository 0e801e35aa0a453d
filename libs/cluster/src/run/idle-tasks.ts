// Which tasks of a client have nothing to do.
import type { KernelTask, Machine } from "@swaplab/kernel"
import type { WaitQueue } from "@swaplab/sim"
import { idleCrypt } from "./crypt-graph.ts"

/** Idle threads: they have nothing to do and nobody waits for them by name. */
export const idle = (machine: Machine, task: KernelTask): boolean =>
  task.finished || machine.vmscan.pgdats.some(({ kswapdWait }) => task.waitingOn === kswapdWait) ||
  task.waitingOn === machine.nbd?.waitingWq ||
  task.waitingOn === machine.rootNbd?.device.waitingWq ||
  (task.waitingOn?.name.startsWith("ksoftirqd") ?? false) || idleCrypt(machine, task)

/** The kswapd that a throttled task waits for: that of the memory node whose reserve is half gone. Null: the queue is another. */
export const kswapdOf = ({ kswapds, vmscan }: Machine, queue: WaitQueue | null): KernelTask | null =>
  kswapds[vmscan.pgdats.findIndex(({ pfmemallocWait }) => pfmemallocWait === queue)] ?? null

/** The kswapds that sleep in reclaim, by name. */
export const reclaimingKswapds = (machine: Machine): Array<string> =>
  machine.kswapds.flatMap((task, node) => task.waitingOn === null || idle(machine, task) ? [] : [`kswapd${node}`])
