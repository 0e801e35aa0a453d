// NBD_DO_IT of one device: the kernel thread that sends and the nbd-client that receives.
import type { NbdDevice } from "@swaplab/nbd-driver"
import { PF_KTHREAD } from "@swaplab/page-alloc"
import type { Cpus } from "./cpus.ts"
import type { KernelTask } from "./task.ts"

/** A device that is served, and its two tasks. */
export interface NbdAttachment {
  readonly device: NbdDevice
  readonly sender: KernelTask
  readonly receiver: KernelTask
}

/** The machine that the tasks belong to. */
export interface NbdHost {
  readonly cpus: Cpus
  readonly userTasks: Array<KernelTask>
  task(comm: string, flags?: number, options?: { readonly highPriority?: boolean }): KernelTask
}

/** Starts the two tasks of a device. They live as long as the machine. */
export const attachNbd = (host: NbdHost, device: NbdDevice, client: string): NbdAttachment => {
  const sender = host.task(device.name, PF_KTHREAD, { highPriority: true })
  const receiver = host.task(client)
  sender.daemon = true
  receiver.daemon = true
  host.userTasks.push(receiver)
  host.cpus.start(sender, () => device.sender(sender))
  host.cpus.start(receiver, () => device.receiver(receiver))
  return { device, sender, receiver }
}
