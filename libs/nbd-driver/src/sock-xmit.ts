// sock_xmit: one call into the socket, with the rights and the patience of the driver.
// Modelled: mask and PF_MEMALLOC for the time of a call; the timeout around one send, which kills the sending task; a fatal
// signal, which is found only when the call has come back, taken off the task, and makes the device drop its socket. A
// receiver drops it under tx_lock, so it waits for a send that is stuck.
// Not modelled: signals other than SIGKILL (Linux blocks them here).
// source: drivers/block/nbd.c:sock_xmit, sock_shutdown, nbd_xmit_timeout
import { __GFP_MEMALLOC, EINTR, EPIPE, GFP_NOIO, PF_MEMALLOC, type Task } from "@swaplab/page-alloc"
import { type Nanoseconds, type Sim, type Sleeps, Timer } from "@swaplab/sim"
import { Mutex } from "./mutex.ts"
import type { NbdCounters, NbdOptions } from "./nbd-options.ts"
import type { Transport } from "./transport.ts"

/** The socket of a device and how the driver calls it. */
export class SockXmit {
  /** nbd->sock: null from the moment it is shut down. */
  transport: Transport | null = null
  /** Calls run with PF_MEMALLOC. */
  memalloc: boolean
  readonly txLock: Mutex
  readonly #sim: Sim
  readonly #timeoutNs: Nanoseconds
  readonly #timer: Timer
  readonly #counters: NbdCounters
  /** The task whose send the timeout watches. */
  #watched: Task | null = null

  constructor(
    sim: Sim,
    name: string,
    { group = 0, memallocXmit, xmitTimeoutNs = 0 }: Pick<NbdOptions, "group" | "memallocXmit" | "xmitTimeoutNs">,
    counters: NbdCounters
  ) {
    this.txLock = new Mutex(sim, `${name} tx_lock`)
    this.#sim = sim
    this.memalloc = memallocXmit
    this.#timeoutNs = xmitTimeoutNs
    this.#counters = counters
    this.#timer = new Timer(sim.queue, () => this.#killHungXmit(), { name: "nbd_xmit_timeout", group, retry: true })
  }

  /** Before any call: sets mask and flag, returns the flag as it was. */
  begin(task: Task, transport: Transport): number {
    if (!this.memalloc) {
      transport.skAllocation = GFP_NOIO
      return 0
    }
    transport.skAllocation = GFP_NOIO | __GFP_MEMALLOC
    const saved = task.flags & PF_MEMALLOC
    task.flags |= PF_MEMALLOC
    return saved
  }

  /** Before a send, instead of `begin`: its time starts. */
  beginSend(task: Task, transport: Transport): number {
    if (this.#timeoutNs > 0) {
      this.#watched = task
      this.#timer.arm(this.#sim.jiffies(this.#timeoutNs))
    }
    return this.begin(task, transport)
  }

  /** After a call: what was moved, or a negative errno. −EINTR: a signal, which is taken off the task. */
  end(task: Task, saved: number, result: number): number {
    if (this.memalloc) task.flags = (task.flags & ~PF_MEMALLOC) | saved
    if (task.process.killed || result === -EINTR) {
      task.process.killed = false
      return -EINTR
    }
    return result === 0 ? -EPIPE : result
  }

  /** After a send, instead of `end`; the caller holds tx_lock. */
  endSend(task: Task, saved: number, result: number): number {
    if (this.#watched === task) {
      this.#watched = null
      this.#timer.cancel()
    }
    const moved = this.end(task, saved, result)
    if (moved === -EINTR) this.sockShutdown()
    return moved
  }

  /** `sock_shutdown` with tx_lock held. */
  sockShutdown(): void {
    if (this.transport === null) return
    this.transport.shutdown()
    this.transport = null
  }

  /** A call of a receiver failed with `error`. After a signal the socket goes, once the send under way has ended. */
  *receiveFailed(task: Task, error: number): Sleeps<void> {
    if (error !== -EINTR) return
    yield* this.txLock.lock(task)
    this.sockShutdown()
    this.txLock.unlock(task)
  }

  /** Sends all of `bytes`; the caller holds tx_lock. 0 or a negative errno. */
  *sendBytes(task: Task, transport: Transport, bytes: Uint8Array, more: boolean): Sleeps<number> {
    for (let at = 0; at < bytes.length;) {
      const saved = this.beginSend(task, transport)
      const sent = this.endSend(
        task,
        saved,
        yield* transport.sendBytes(task, at === 0 ? bytes : bytes.subarray(at), more)
      )
      if (sent < 0) return sent
      at += sent
    }
    return 0
  }

  /** Receives all of `bytes`. 0 or a negative errno. */
  *recvBytes(task: Task, transport: Transport, bytes: Uint8Array): Sleeps<number> {
    for (let at = 0; at < bytes.length;) {
      const saved = this.begin(task, transport)
      const got = this.end(task, saved, yield* transport.recvBytes(task, at === 0 ? bytes : bytes.subarray(at)))
      if (got < 0) {
        yield* this.receiveFailed(task, got)
        return got
      }
      at += got
    }
    return 0
  }

  /** `nbd_xmit_timeout`: "killing hung xmit". */
  #killHungXmit(): void {
    const task = this.#watched
    if (task === null) return
    this.#counters.hungXmits++
    this.#watched = null
    task.process.kill()
  }
}
