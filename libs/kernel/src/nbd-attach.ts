// A device that is served: the kernel thread that sends and the nbd-client that receives.
import type { NbdDevice } from "@swaplab/nbd-driver"
import { PF_KTHREAD } from "@swaplab/page-alloc"
import type { Sim } from "@swaplab/sim"
import type { Cpus } from "./cpus.ts"
import { nbdClient, type NbdClientOptions, NbdLink } from "./nbd-client.ts"
import type { KernelTask } from "./task.ts"

/** A device that is served, and its two tasks. */
export interface NbdAttachment {
  readonly device: NbdDevice
  readonly sender: KernelTask
  readonly receiver: KernelTask
  /** What happened to its connection. */
  readonly link: NbdLink
}

/** The machine that the tasks belong to. */
export interface NbdHost {
  readonly sim: Sim
  readonly cpus: Cpus
  readonly userTasks: Array<KernelTask>
  task(comm: string, flags?: number, options?: { readonly highPriority?: boolean }): KernelTask
}

/** Starts the two tasks of a device. The sender lives as long as the machine. */
export const attachNbd = (
  host: NbdHost,
  device: NbdDevice,
  comm: string,
  options: NbdClientOptions
): NbdAttachment => {
  const sender = host.task(device.name, PF_KTHREAD, { highPriority: true })
  const receiver = host.task(comm)
  sender.daemon = true
  receiver.daemon = true
  host.userTasks.push(receiver)
  const link = new NbdLink(host.sim)
  host.cpus.start(sender, () => device.sender(sender))
  host.cpus.start(receiver, () => nbdClient(receiver, device, link, options))
  return { device, sender, receiver, link }
}
