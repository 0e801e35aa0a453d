// Which tasks of a client have nothing to do.
import type { KernelTask, Machine } from "@swaplab/kernel"
import { idleCrypt } from "./crypt-graph.ts"

/** Idle threads: they have nothing to do and nobody waits for them by name. */
export const idle = (machine: Machine, task: KernelTask): boolean =>
  task.finished || task.waitingOn === machine.vmscan.pgdat.kswapdWait || task.waitingOn === machine.nbd?.waitingWq ||
  task.waitingOn === machine.rootNbd?.device.waitingWq ||
  (task.waitingOn?.name.startsWith("ksoftirqd") ?? false) || idleCrypt(machine, task)
