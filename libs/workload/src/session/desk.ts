// The programs of one person on one machine, and what the person does with them: each action is a burst of the program in
// front, then of the X server and of the desktop, and its latency is what the person feels.
import { Process, type Random, type Sleeps } from "@swaplab/sim"
import type { WorkloadHost } from "../plug-in/host.ts"
import { type ActionName, ACTIONS } from "./actions.ts"
import type { Figure } from "./figures.ts"
import type { Placed } from "./placement.ts"
import type { ScreenName } from "./program.ts"
import type { ProgramName } from "./programs.ts"
import { RunningProgram, type Work } from "./running-program.ts"

const S = 1e9
/**
 * An action that takes longer than the first beyond its own CPU time is slow, and one longer than the second frozen
 * (Nielsen's limits).
 */
const SLOW_NS = 1 * S
const FROZEN_NS = 10 * S

/** A key or a button of the mouse is two events of X11, of 32 bytes each. */
const INPUT_BYTES = 64

/** Who draws what the program in front does. */
const SCREEN: ReadonlyArray<ScreenName> = ["xserver", "desktop"]

/** A person at a machine. */
export class Desk {
  readonly host: WorkloadHost<Figure>
  /** The person: waits for programs, thinks. Uses no CPU. */
  readonly person: Process
  readonly chance: Random
  readonly #placed: ReadonlyMap<ProgramName, Placed>
  /** Those that run on the thin client. */
  readonly #there: ReadonlyMap<ProgramName, Placed>
  readonly #screenBytes: number
  readonly #running = new Map<ProgramName, RunningProgram>()
  /** How often each program has been started: each run has chances of its own. */
  readonly #starts = new Map<ProgramName, number>()
  /** The program that has the keyboard. */
  #front: RunningProgram | null = null

  /** `there`: programs that run on the thin client, if there is one; a screen full of pixels has `screenBytes`. */
  constructor(
    host: WorkloadHost<Figure>,
    placed: ReadonlyArray<Placed>,
    there: ReadonlyArray<Placed> = [],
    screenBytes = 0
  ) {
    const { client } = host
    this.host = host
    this.chance = host.random("person")
    this.person = new Process(client.sim, `${host.name} person`)
    this.person.daemon = true
    this.#placed = new Map(placed.map((program) => [program.name, program]))
    this.#there = new Map(there.filter(({ process }) => process >= 0).map((program) => [program.name, program]))
    this.#screenBytes = screenBytes
  }

  /** The programs of the machine. */
  get programs(): ReadonlyArray<ProgramName> {
    return [...this.#placed.keys()]
  }

  /** The machine in front of which the person sits. */
  get seat(): Pick<WorkloadHost, "client" | "daemon" | "fork" | "random"> {
    return this.host.display?.terminal ?? this.host
  }

  /** The program, while it runs. */
  running(name: ProgramName): RunningProgram | null {
    const program = this.#running.get(name)
    return program === undefined || program.exit !== null ? null : program
  }

  /** The program runs. */
  isUp(name: ProgramName): boolean {
    return this.running(name) !== null
  }

  /** Does nothing for so long. Nothing is wanted of the machine meanwhile. */
  *think(ns: number): Sleeps<void> {
    this.host.rest(true)
    yield* this.person.hold(Math.max(1, Math.round(ns)))
    this.host.rest(false)
  }

  /** Starts a program, and waits until it can be used. False: it died on the way. */
  *start(name: ProgramName): Sleeps<boolean> {
    const placed = this.#placed.get(name)
    if (placed === undefined || this.isUp(name)) return true
    const there = this.#there.get(name)
    const [host, own] = there === undefined ? [this.host, placed] : [this.seat, there]
    const starts = (this.#starts.get(name) ?? 0) + 1
    this.#starts.set(name, starts)
    const chance = host.random(starts === 1 ? own.program.comm : `${own.program.comm} ${starts}`)
    const program = new RunningProgram(host.client, own, chance)
    this.#running.set(name, program)
    host.fork(own.process, own.program.comm, (task) => program.run(task))
    if (!(yield* program.started(this.person))) return this.#lost(name)
    // an X server without a program that it draws for does nothing at all
    if (name !== "xserver") {
      program.use()
      this.running("xserver")?.use()
    }
    for (const other of SCREEN) {
      const grows = placed.program.grows[other]
      if (grows !== undefined) yield* this.#ask(other, (memory) => memory.enlarge(grows))
    }
    return true
  }

  /** An action on the document with that number of the program in front. False: the program has died of it. */
  *act(action: ActionName, front: ProgramName, document = 0): Sleeps<boolean> {
    const from = this.host.client.sim.now
    const { display } = this.host
    if (display !== null && !(yield* display.input(this.person, INPUT_BYTES))) return this.#cut()
    this.#focus(this.running(front))
    if (!(yield* this.#burst(front, action, document, ACTIONS[action].cpuNs))) return false
    for (const other of SCREEN) if (!(yield* this.#burst(other, action, 0, 0))) return false
    this.#felt(action, this.host.client.sim.now - from, ACTIONS[action].cpuNs)
    return true
  }

  /** Starts a program as an action. */
  *launch(name: ProgramName): Sleeps<boolean> {
    const from = this.host.client.sim.now
    if (!(yield* this.start(name))) return false
    for (const other of SCREEN) if (!(yield* this.#burst(other, "programStart", 0, 0))) return false
    this.#felt("programStart", this.host.client.sim.now - from, this.#placed.get(name)?.program.startNs ?? 0)
    return true
  }

  /** Opens the next document of a program that runs. */
  *open(name: ProgramName): Sleeps<boolean> {
    return yield* this.#ask(name, (memory) => memory.open())
  }

  /** Closes a program. */
  *close(name: ProgramName): Sleeps<void> {
    const program = this.running(name)
    if (program !== null) yield* program.quit(this.person)
    this.#gone(name)
  }

  #focus(program: RunningProgram | null): void {
    if (program === this.#front) return
    this.#front?.focus(false)
    this.#front = program
    program?.focus(true)
  }

  /** A program has ended, and its windows with it. */
  #gone(name: ProgramName): void {
    if (!this.#running.delete(name)) return
    for (const other of SCREEN) {
      const grows = this.#placed.get(name)?.program.grows[other]
      if (grows !== undefined) this.running(other)?.memory?.windowsGone(grows)
    }
  }

  /** Notes what an action took, of that so much CPU time of its own. */
  #felt(figure: ActionName, ns: number, cpuNs: number): void {
    const { host } = this
    host.latency(figure).record(ns)
    host.operations.latency.record(ns)
    host.operations.done++
    if (ns - cpuNs > SLOW_NS) host.counter("slow").value++
    if (ns - cpuNs > FROZEN_NS) host.counter("frozen").value++
  }

  *#burst(name: ProgramName, action: ActionName, document: number, cpuNs: number): Sleeps<boolean> {
    const burst = this.#placed.get(name)?.program.bursts[action]
    if (burst === undefined) return true
    const { display } = this.host
    if (display !== null && this.#there.has(name)) {
      const bytes = Math.round(ACTIONS[action].screens * this.#screenBytes)
      if (!(yield* display.picture(this.person, bytes))) return this.#cut()
    }
    return yield* this.#ask(name, (memory) => memory.act(burst, document, cpuNs))
  }

  *#ask(name: ProgramName, work: Work): Sleeps<boolean> {
    const program = this.#running.get(name)
    if (program === undefined) return true
    if (yield* program.ask(this.person, work)) return true
    return this.#lost(name)
  }

  /** The connection between a thin client and its programs has ended: these still run, but nobody sees them. */
  #cut(): boolean {
    this.host.operations.failed++
    return false
  }

  /** A program has died. */
  #lost(name: ProgramName): boolean {
    this.#gone(name)
    this.host.operations.failed++
    this.host.counter("lost").value++
    return false
  }
}
