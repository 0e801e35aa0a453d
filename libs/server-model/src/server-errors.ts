// Errors that a server answers with although it could do what it was asked for: a bad sector, a controller that gave up.
// Modelled: by command, a probability and an errno; the request costs its CPU time and does nothing else. Without any set,
//   no number is drawn.
// Not modelled: errors that stay with a place on the disk, requests that are performed in part.
// What that costs: a bad sector fails once and may work when it is asked for again.
import { Command, NbdError } from "@swaplab/nbd"
import { assert, type Random } from "@swaplab/sim"

/** Commands that can fail on purpose, by the names that scripts use. */
const ERROR_COMMANDS = {
  read: Command.Read,
  write: Command.Write,
  flush: Command.Flush,
  trim: Command.Trim,
  cache: Command.Cache,
  "write-zeroes": Command.WriteZeroes
} as const

/** A command, or all of them. */
export type ErrorCommand = keyof typeof ERROR_COMMANDS | "all"

/** An error of the protocol that is none of Ok. */
export type ErrorName = Exclude<keyof typeof NbdError, "Ok">

const typesOf = (command: ErrorCommand): ReadonlyArray<number> =>
  command === "all" ? Object.values(ERROR_COMMANDS) : [ERROR_COMMANDS[command]]

/** Errors put in on purpose. */
export class ServerErrors {
  readonly #open: () => Random
  #random: Random | null = null
  readonly #probability = new Float64Array(16)
  readonly #errno = new Int32Array(16)
  /** Requests that failed so, by type. */
  readonly #injected = new Uint32Array(16)
  #active = false

  /** `stream` makes the random numbers, when the first is needed. */
  constructor(stream: () => Random) {
    this.#open = stream
  }

  /** From now on that share of these requests fails. 0: none. */
  set(command: ErrorCommand, probability: number, errno: ErrorName = "EIO"): void {
    assert(probability >= 0 && probability <= 1, "a probability lies between 0 and 1")
    for (const type of typesOf(command)) {
      this.#probability[type] = probability
      this.#errno[type] = NbdError[errno]
    }
    this.#active = this.#probability.some((share) => share > 0)
  }

  /** Requests of this command that failed so. */
  injectedInto(command: ErrorCommand): number {
    return typesOf(command).reduce((sum, type) => sum + this.#injected[type], 0)
  }

  /** What a request of that type fails with, or 0. */
  draw(type: number): number {
    if (!this.#active || this.#probability[type] === 0) return 0
    this.#random ??= this.#open()
    if (this.#random.unit() >= this.#probability[type]) return 0
    this.#injected[type]++
    return this.#errno[type]
  }
}
