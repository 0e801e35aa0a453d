// nbd-client: the process that sits in NBD_DO_IT, and what it does when that returns because the connection is lost.
//
//   exit      the process ends. The device has no socket any more, and 3.5 and 3.6 fail every request at once: "Attempted send
//             on closed socket".
//   persist   closes the socket, then tries to connect every second until it works, and calls NBD_DO_IT again. In between the
//             device fails every request as above, because the kernel knows nothing of the process's plans.
//   reconnect as persist, on a device that keeps its requests meanwhile (`deadConnTimeoutNs` of NbdDevice).
//   reboot    the process ends, and whoever watches it reboots the machine: `lost` tells him.
//
// Modelled: the order of the steps, the second between two attempts, the end after "Unexpected reply" (EBADR), which nbd-client
//   takes for `nbd-client -d`; the SYN's memory.
// Not modelled: memory and CPU time of the process itself. With -swap it runs under mlockall, so that it never waits for a page
//   of its own; the size of the device, which is asked for again and must be the same; name look-up. What that costs: its few
//   hundred KiB are free for others, and a connection is made again some µs of CPU time earlier.
// source: nbd-client.c:main; drivers/block/nbd.c:nbd_do_it
import type { NbdDevice, Transport } from "@swaplab/nbd-driver"
import { EBADR, ECONNREFUSED, ETIMEDOUT } from "@swaplab/page-alloc"
import { type Nanoseconds, type Sim, type Sleeps, WaitQueue } from "@swaplab/sim"
import type { KernelTask } from "./task.ts"

/** What one of the ways means for each part of the machine. */
export interface LossPolicy {
  readonly meaning: string
  /** nbd-client tries to connect again. */
  readonly dialsAgain: boolean
  /** The driver keeps requests for the new connection. */
  readonly keepsRequests: boolean
  /** Whoever watches nbd-client reboots the machine. */
  readonly reboots: boolean
}

/** What happens when the connection is lost. */
export const WHEN_LOST = {
  exit: {
    meaning: "nbd-client ends and every further request fails, as LTSP 5 starts it",
    dialsAgain: false,
    keepsRequests: false,
    reboots: false
  },
  persist: {
    meaning: "nbd-client -persist tries to connect every second, and requests fail meanwhile",
    dialsAgain: true,
    keepsRequests: false,
    reboots: false
  },
  reconnect: {
    meaning:
      "requests wait for the new connection, younger than the kernels modelled (dead_conn_timeout, Linux 4.12 with netlink)",
    dialsAgain: true,
    keepsRequests: true,
    reboots: false
  },
  reboot: {
    meaning: "nbd-client ends and the client reboots, as Puavo's do",
    dialsAgain: false,
    keepsRequests: false,
    reboots: true
  }
} as const satisfies Record<string, LossPolicy>
export type WhenLost = keyof typeof WHEN_LOST

/** How a device is connected, and what its nbd-client does. */
export interface NbdClientOptions {
  readonly whenLost: WhenLost
  /** One attempt: 0, or a negative errno. Without it nobody can connect again. */
  readonly dial?: (task: KernelTask) => Sleeps<number>
  /** The socket of the connection that was made last. */
  readonly socket?: () => Transport
  /** close(2) of that socket, by the process. */
  readonly close?: (task: KernelTask) => void
  /** NBD_DO_IT has returned. */
  readonly lost?: () => void
}

/** nbd-client without -persist, as LTSP 5 starts it. */
export const NBD_CLIENT_DEFAULT: NbdClientOptions = { whenLost: "exit" }

/** sleep(1) between two attempts. */
const RETRY_NS = 1_000_000_000

/** What happened to the connection of a device so far. */
export class NbdLink {
  /** Since when it has no connection; −1: it has one. */
  lostAtNs: Nanoseconds = -1
  /** nbd-client will try to connect: an event to come can bring the connection back. */
  trying = false
  disconnects = 0
  reconnects = 0
  /** Attempts that failed, by how, and for any other reason. */
  refused = 0
  timedOut = 0
  failed = 0
  #downNs: Nanoseconds = 0
  readonly #sim: Sim

  constructor(sim: Sim) {
    this.#sim = sim
  }

  /** Time without a connection until now. */
  get downNs(): Nanoseconds {
    return this.#downNs + (this.lostAtNs < 0 ? 0 : this.#sim.now - this.lostAtNs)
  }

  lost(): void {
    this.disconnects++
    this.lostAtNs = this.#sim.now
  }

  back(): void {
    this.reconnects++
    this.#downNs += this.#sim.now - this.lostAtNs
    this.lostAtNs = -1
  }

  attemptFailed(error: number): void {
    if (error === -ECONNREFUSED) this.refused++
    else if (error === -ETIMEDOUT) this.timedOut++
    else this.failed++
  }
}

/** The process of one device. */
export function* nbdClient(
  task: KernelTask,
  device: NbdDevice,
  link: NbdLink,
  options: NbdClientOptions
): Sleeps<void> {
  const { close, dial, lost, socket, whenLost } = options
  const sleeping = new WaitQueue(task.sim, `${device.name} nbd-client sleep`, "its next attempt to connect")
  for (;;) {
    if (device.connected) yield* device.doIt(task)
    link.lost()
    close?.(task)
    lost?.()
    const { dialsAgain } = WHEN_LOST[whenLost]
    if (!dialsAgain || device.harderror === -EBADR || dial === undefined || socket === undefined) return
    link.trying = true
    for (;;) {
      if (task.killed) {
        link.trying = false
        return
      }
      const error = yield* dial(task)
      if (error === 0) break
      link.attemptFailed(error)
      yield* sleeping.sleepTimeout(task, task.sim.jiffies(RETRY_NS), "interruptible")
    }
    link.trying = false
    link.back()
    device.connect(socket())
  }
}
