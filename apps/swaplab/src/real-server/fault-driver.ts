// Carries out the faults of one run at their times. What takes time goes on beside the run, one thing after the other.
import { spawn } from "node:child_process"
import { ControlQueue } from "./control-queue.ts"
import type { Control, ControlRequest } from "./control.ts"
import type { DrawnFault } from "./server-faults.ts"

/** Runs a command of the shell; resolves to why it failed, or null. */
const ranCommand = (command: string): Promise<string | null> =>
  new Promise((resolve) => {
    const child = spawn("sh", ["-c", command], { stdio: ["ignore", "ignore", "inherit"] })
    child.on("error", (error) => resolve(error.message))
    child.on("exit", (code, signal) => resolve(code === 0 ? null : `ended with ${code ?? signal}`))
  })

/** A fault that was made: from when to when, in the time of the run. */
export interface MadeFault {
  readonly name: string
  readonly atNs: number
  endNs: number
}

export class FaultDriver {
  readonly made: Array<MadeFault> = []
  readonly #faults: ReadonlyArray<DrawnFault>
  readonly #exports: ReadonlyArray<string>
  readonly #control: Control | null
  readonly #command: string | null
  #next = 0
  #ending: { readonly made: MadeFault; readonly exports: ReadonlyArray<string>; readonly atNs: number } | null = null
  readonly #work = new ControlQueue()

  constructor(
    faults: ReadonlyArray<DrawnFault>,
    exports: ReadonlyArray<string>,
    control: Control | null,
    command: string | null
  ) {
    this.#faults = faults
    this.#exports = exports
    this.#control = control
    this.#command = command
  }

  /** Why a fault could not be made, first of all; null: all could. */
  get failed(): string | null {
    return this.#work.failed
  }

  /** The run has come so far: begins and ends what is due. */
  look(nowNs: number): void {
    if (this.#ending !== null && this.#ending.atNs <= nowNs) this.#end(nowNs)
    const fault = this.#faults[this.#next]
    if (fault === undefined || this.#ending !== null || fault.atNs > nowNs) return
    this.#next++
    const { endNs, name, what, which } = fault
    const exports = which === null
      ? this.#exports
      : this.#exports.slice(Math.floor(which * this.#exports.length)).slice(0, 1)
    const made: MadeFault = { name, atNs: nowNs, endNs: nowNs }
    this.made.push(made)
    if (what === "command") return this.#work.do(() => ranCommand(this.#command ?? "false"), "--restart-command")
    if (what === "drop") return this.#ask(exports.map((name) => ({ command: "drop", export: name })))
    this.#ending = { made, exports, atNs: endNs }
    this.#ask(exports.map((name) => ({ command: "faults", export: name, plan: what })))
  }

  /** Ends what has not ended; resolves when everything is done. */
  heal(nowNs: number): Promise<void> {
    if (this.#ending !== null) this.#end(nowNs)
    return this.#work.done
  }

  #end(nowNs: number): void {
    if (this.#ending === null) return
    const { exports, made } = this.#ending
    made.endNs = nowNs
    this.#ending = null
    this.#ask(exports.map((name) => ({ command: "faults", export: name, plan: {} })))
  }

  #ask(requests: ReadonlyArray<ControlRequest>): void {
    if (this.#control !== null) this.#work.ask(this.#control, requests)
  }
}
