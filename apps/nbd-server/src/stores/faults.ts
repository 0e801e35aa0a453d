// Faults on demand: what a store does wrong while its faults are switched on, for soak tests of clients.
import {
  type ByteStore,
  Command,
  dispatch,
  type Job,
  NbdError,
  type ServerFaultKey,
  type WaitingStore
} from "@swaplab/nbd"
import type { HeldBack } from "./held-back.ts"
import { Random } from "./random.ts"
import type { Why } from "./refusals.ts"

/** How long a request is held back, in milliseconds. */
type Delay =
  | { readonly kind: "fixed"; readonly ms: number }
  | { readonly kind: "uniform"; readonly ms: number; readonly maxMs: number }
  | { readonly kind: "exponential"; readonly ms: number }

/** The names of commands and errors that faults can be about. */
export const FAULT_COMMANDS = {
  read: Command.Read,
  write: Command.Write,
  flush: Command.Flush,
  trim: Command.Trim,
  writeZeroes: Command.WriteZeroes
} as const
export const FAULT_ERRORS = {
  EPERM: NbdError.EPERM,
  EIO: NbdError.EIO,
  ENOMEM: NbdError.ENOMEM,
  EINVAL: NbdError.EINVAL,
  ENOSPC: NbdError.ENOSPC,
  ESHUTDOWN: NbdError.ESHUTDOWN
} as const

/** Everything that can be wrong at once. */
export interface FaultPlan {
  readonly delay: Delay | null
  /** Nothing is answered until the plan changes. */
  readonly stall: boolean
  /** Errors with a probability, by command. */
  readonly errors: ReadonlyArray<
    {
      readonly command: keyof typeof FAULT_COMMANDS
      readonly probability: number
      readonly error: keyof typeof FAULT_ERRORS
    }
  >
  /** Probability with which a request costs the client its connection. */
  readonly drop: number
  /** WRITE and WRITE_ZEROES get ENOSPC. */
  readonly diskFull: boolean
  /** Bytes a second that the disk moves; null: as fast as it can. */
  readonly diskBytesPerSecond: number | null
}

/** Every key, as the table of fault names that the emulator shares has it: what is missing on either side is an error of types. */
export const NO_FAULTS: FaultPlan & Readonly<Record<ServerFaultKey, unknown>> = {
  delay: null,
  stall: false,
  errors: [],
  drop: 0,
  diskFull: false,
  diskBytesPerSecond: null
}

/** The faults of one export, switched at run time. */
export class Faults {
  #plan: FaultPlan
  #stalled: Array<() => void> = []
  /** When the slow disk is free again. */
  #diskFreeMs = 0
  readonly #random: Random
  readonly #nowMs: () => number

  constructor(plan: FaultPlan, seed: number, nowMs: () => number) {
    this.#plan = plan
    this.#random = new Random(seed)
    this.#nowMs = nowMs
  }

  get plan(): FaultPlan {
    return this.#plan
  }

  set plan(plan: FaultPlan) {
    this.#plan = plan
    if (plan.stall) return
    const stalled = this.#stalled
    this.#stalled = []
    for (const go of stalled) go()
  }

  /** True when this request should drop the connection. */
  drops(): boolean {
    return this.#plan.drop > 0 && this.#random.unit() < this.#plan.drop
  }

  /** The error that a command is to get, or 0. */
  errorFor(type: number): number {
    if (this.#plan.diskFull && (type === Command.Write || type === Command.WriteZeroes)) return NbdError.ENOSPC
    for (const { command, error, probability } of this.#plan.errors) {
      if (FAULT_COMMANDS[command] === type && this.#random.unit() < probability) return FAULT_ERRORS[error]
    }
    return 0
  }

  /** Milliseconds to hold a request of so many bytes back. */
  delayMs(bytes: number): number {
    const { delay, diskBytesPerSecond } = this.#plan
    let ms = 0
    if (delay !== null) {
      if (delay.kind === "fixed") ms = delay.ms
      else if (delay.kind === "uniform") ms = delay.ms + (delay.maxMs - delay.ms) * this.#random.unit()
      else ms = -Math.log(1 - this.#random.unit()) * delay.ms
    }
    if (diskBytesPerSecond === null) return ms
    const now = this.#nowMs()
    this.#diskFreeMs = Math.max(now, this.#diskFreeMs) + bytes / diskBytesPerSecond * 1000
    return ms + this.#diskFreeMs - now
  }

  /** Runs `go` when nothing is stalled. */
  whenRunning(go: () => void): void {
    if (this.#plan.stall) this.#stalled.push(go)
    else go()
  }
}

/** A store with faults. */
export class FaultyStore implements WaitingStore {
  readonly waits = true as const
  readonly #store: ByteStore | WaitingStore
  readonly #faults: Faults
  readonly #heldBack: Pick<HeldBack, "after">
  readonly #note: (why: Why) => void

  constructor(
    store: ByteStore | WaitingStore,
    faults: Faults,
    heldBack: Pick<HeldBack, "after">,
    note: (why: Why) => void
  ) {
    this.#note = note
    this.#store = store
    this.#faults = faults
    this.#heldBack = heldBack
  }

  perform(job: Job): void {
    const ms = this.#faults.delayMs(job.bytes.length)
    const go = (): void => this.#faults.whenRunning(() => this.#perform(job))
    if (ms > 0) this.#heldBack.after(ms, go)
    else go()
  }

  #perform(job: Job): void {
    const error = this.#faults.errorFor(job.request.type)
    if (error !== 0) {
      this.#note("fault")
      return job.finish(error)
    }
    if ("waits" in this.#store) this.#store.perform(job)
    else job.finish(dispatch(this.#store, job.request, job.bytes))
  }
}
