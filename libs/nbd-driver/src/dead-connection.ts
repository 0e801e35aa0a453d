// dead_conn_timeout: a device whose connection is dead keeps its requests until there is a new one, or for so long.
// Modelled: what was sent and not answered is sent again on the new connection, before what came later; the end of patience
//   fails all that wait, and whatever comes then, until there is a connection again.
// Not modelled: several connections to one device, and what belongs to them. Linux 4.12 itself fails a request whose reply had
//   begun to arrive, and sends those without an answer again only when they have timed out. What that costs: a client comes
//   through a lost connection better here than with 4.12.
// Younger than the kernels modelled: Linux 4.12, with netlink.
// source: drivers/block/nbd.c:wait_for_reconnect, nbd_handle_cmd (4.12)
import { type Nanoseconds, type Sim, Timer } from "@swaplab/sim"

/** The patience of a device. */
export class DeadConnection {
  readonly #sim: Sim
  readonly #timeoutNs: Nanoseconds
  readonly #timer: Timer

  /** `failAll` ends whatever waits; `group` is that of the machine. */
  constructor(sim: Sim, timeoutNs: Nanoseconds, group: number, failAll: () => void) {
    this.#sim = sim
    this.#timeoutNs = timeoutNs
    this.#timer = new Timer(sim.queue, failAll, { name: "nbd dead timeout", group, retry: true })
  }

  /** Requests wait for a new connection. */
  get waiting(): boolean {
    return this.#timer.armed
  }

  /** The connection is dead. */
  lost(): void {
    this.#timer.arm(this.#sim.jiffies(this.#timeoutNs))
  }

  /** There is a new one. */
  connected(): void {
    this.#timer.cancel()
  }
}
