// The faults that a scenario has for its server, made at the real one by its control socket. Those that are on at the same time make
// one plan, for each of the exports. A server that is restarted loses its connections; the gateway makes none until it is over.
import { ControlQueue } from "./control-queue.ts"
import type { Control } from "./control.ts"
import { planOf } from "./server-faults.ts"

type Plan = Readonly<Record<string, unknown>>

/** Together: other keys beside each other, lists one behind the other. */
const merged = (plans: Iterable<Plan>): Plan => {
  const all: Record<string, unknown> = {}
  for (const plan of plans) {
    for (const [key, value] of Object.entries(plan)) {
      const before = all[key]
      all[key] = Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value
    }
  }
  return all
}

/** Those of one run. */
export class ScenarioFaults {
  readonly #control: Control
  readonly #exports: ReadonlyArray<string>
  readonly #on = new Set<Plan>()
  readonly #work = new ControlQueue()
  #restarts = 0

  constructor(control: Control, exports: ReadonlyArray<string>) {
    this.#control = control
    this.#exports = exports
  }

  /** Why a fault could not be made, first of all; null: all could. */
  get failed(): string | null {
    return this.#work.failed
  }

  /** Nobody can connect. */
  get down(): boolean {
    return this.#restarts > 0
  }

  /** Begins one; returns what ends it. `checkScenario` has seen to it that there is a plan for it. */
  begin(what: string, options: Plan): () => void {
    const plan = planOf(what, options)
    if (typeof plan === "string") throw new Error(`${what}: ${plan}`)
    if (what === "restart") {
      this.#restarts++
      this.#work.ask(this.#control, this.#exports.map((name) => ({ command: "drop", export: name })))
      return () => this.#restarts--
    }
    this.#on.add(plan)
    this.#tell()
    return () => {
      if (this.#on.delete(plan)) this.#tell()
    }
  }

  /** A client has connected: of an export that nobody had open the server knows no faults. */
  connected(): void {
    if (this.#on.size > 0) this.#tell()
  }

  /** Ends all; resolves when the server has been told. */
  heal(): Promise<void> {
    if (this.#on.size > 0) {
      this.#on.clear()
      this.#tell()
    }
    return this.#work.done
  }

  #tell(): void {
    const plan = merged(this.#on)
    this.#work.ask(this.#control, this.#exports.map((name) => ({ command: "faults", export: name, plan })))
  }
}
