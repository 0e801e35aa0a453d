// The sockets in TIME_WAIT of a machine, by their numbers and by when they go.
//
// Eight cells lie in a ring, one for each 7.5 s. One timer for all of them visits the next cell and ends what is in it. A
// socket that has 60 s goes into the cell that is visited last: alone it stays for 60 s, beside others up to 7.5 s less. Shorter
// times round up to whole cells.
//
// Modelled: the ring, the timer that runs only while a socket is there, the time that begins anew.
// Not modelled: the finer calendar for times below 4 s (tcp_fin_timeout below 4; they round up to cells, too), tcp_tw_recycle,
//   the quota of one visit, tcp_max_tw_buckets.
// source: net/ipv4/inet_timewait_sock.c:inet_twsk_schedule, inet_twsk_deschedule, inet_twdr_hangman
import type { NetStack, TimewaitSocks } from "@swaplab/net-skb"
import type { Context } from "@swaplab/page-alloc"
import { assert, type Nanoseconds, Timer } from "@swaplab/sim"
import { TCP_TIMEWAIT_LEN } from "./constants.ts"
import type { TimewaitSock } from "./timewait-sock.ts"

const SLOTS = 8
const PERIOD = TCP_TIMEWAIT_LEN / SLOTS

/** `tcp_death_row`. */
export class DeathRow implements TimewaitSocks {
  readonly #stack: NetStack
  readonly #byPort = new Map<number, TimewaitSock>()
  readonly #cells = Array.from({ length: SLOTS }, () => new Set<TimewaitSock>())
  readonly #timer: Timer
  /** The cell that is visited next. */
  #slot = 0

  constructor(stack: NetStack) {
    this.#stack = stack
    this.#timer = new Timer(stack.sim.queue, () => this.#visit(), {
      name: "inet_twdr_hangman",
      group: stack.group,
      retry: true
    })
  }

  get count(): number {
    return this.#byPort.size
  }

  rcv(ctx: Context, port: number, skb: number): boolean {
    const tw = this.#byPort.get(port)
    if (tw === undefined) return false
    tw.rcv(ctx, skb)
    return true
  }

  /** `inet_twsk_schedule`: it stays for so long from now on. */
  schedule(tw: TimewaitSock, timeNs: Nanoseconds): void {
    if (tw.cell !== null) this.#cells[tw.cell].delete(tw)
    const alone = this.#byPort.size - (tw.cell === null ? 0 : 1) === 0
    assert(tw.cell !== null || !this.#byPort.has(tw.port), "two sockets in TIME_WAIT have the same number")
    this.#byPort.set(tw.port, tw)
    const slots = Math.min(Math.ceil(timeNs / PERIOD), SLOTS - 1)
    tw.cell = (this.#slot + slots) % SLOTS
    this.#cells[tw.cell].add(tw)
    if (alone) this.#arm()
  }

  /** `inet_twsk_deschedule`: it goes now. */
  remove(ctx: Context, tw: TimewaitSock): void {
    assert(tw.cell !== null, "a socket in TIME_WAIT went twice")
    this.#cells[tw.cell].delete(tw)
    tw.cell = null
    this.#byPort.delete(tw.port)
    tw.free(ctx)
    if (this.#byPort.size === 0) this.#timer.cancel()
  }

  purge(ctx: Context): void {
    for (const tw of this.#byPort.values()) this.remove(ctx, tw)
  }

  /** `inet_twdr_hangman`. */
  #visit(): void {
    const { timerCtx } = this.#stack
    for (const tw of this.#cells[this.#slot]) {
      tw.timedOut()
      this.remove(timerCtx, tw)
    }
    this.#slot = (this.#slot + 1) % SLOTS
    if (this.#byPort.size > 0) this.#arm()
  }

  #arm(): void {
    const { sim } = this.#stack
    this.#timer.armAt(sim.queue.now + sim.jiffies(PERIOD))
  }
}
