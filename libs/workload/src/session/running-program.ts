// One program while it runs: a process that waits for what a person asks, and works by itself now and then.
//
// A person asks for one thing at a time and waits until it is done. Between two the program sleeps. If it does something by
// itself it wakes up once a second, whatever it has to do then: touch what it uses all the time, collect garbage. A collection
// reads a stretch of the documents (marking), and writes it some time later (sweeping). A program that does nothing by itself
// sleeps without any event.
import type { KernelTask } from "@swaplab/kernel"
import { type Nanoseconds, type Process, type Random, type Sleeps, WaitQueue } from "@swaplab/sim"
import type { ProcessExit } from "../plug-in/exit.ts"
import type { ClientPort } from "../plug-in/host.ts"
import type { Death } from "./address-space.ts"
import type { Placed } from "./placement.ts"
import { ProgramMemory } from "./program-memory.ts"
import { WINDOW_BEATS } from "./shape.ts"

const S = 1e9
const NEVER = Number.POSITIVE_INFINITY
/** After this time without an action a program is quiet. */
const BUSY_NS = 60 * S
/** Mean time from marking to sweeping: of what browsing has touched, 70 % is written after 30 s, and 90 % after 60 s. */
const SWEEP_NS = 25 * S

/** Something that a program does for a person. */
export type Work = (memory: ProgramMemory) => Sleeps<Death | null>

/** Seconds between two wake-ups of a program by itself. */
const beatsOf = ({ program: { busy, idle: { files, own, shared } } }: Placed): number => {
  if (busy !== null) return 1
  const window = WINDOW_BEATS.findIndex((_, i) => own[i] + files[i] + shared[i] > 0)
  return window < 0 ? NEVER : WINDOW_BEATS[window]
}

/** A program, from its start to its end. */
export class RunningProgram {
  readonly placed: Placed
  /** How it ended; null: it runs. */
  exit: ProcessExit | null = null
  /** Its memory; null before it runs. */
  memory: ProgramMemory | null = null
  readonly #client: ClientPort
  readonly #chance: Random
  readonly #inbox: WaitQueue
  readonly #answers: WaitQueue
  #work: Work | null = null
  #ending = false
  #lastAction: Nanoseconds = 0
  readonly #beatSeconds: number
  #beats = 0
  /** When it next does something by itself, when it next collects garbage, and when it sweeps what it has marked. */
  #beatAt: Nanoseconds = NEVER
  #collectAt: Nanoseconds = NEVER
  #sweepAt: Nanoseconds = NEVER
  /** Where the next collection begins, and where the last one began, in pages of all documents. */
  #collectFrom = 0
  #marked = 0

  constructor(client: ClientPort, placed: Placed, chance: Random) {
    this.placed = placed
    this.#client = client
    this.#chance = chance
    this.#beatSeconds = beatsOf(placed)
    const name = `${client.name} ${placed.program.comm}`
    this.#inbox = new WaitQueue(client.sim, `${name} input`, "a person does something")
    this.#answers = new WaitQueue(client.sim, `${name} output`, "the program has done what was asked")
  }

  /** Waits until the program has started. False: it has ended before. */
  *started(person: Process): Sleeps<boolean> {
    return yield* this.#do(person, nothing)
  }

  /** Asks the program for something, and waits until it is done. False: the program has ended before. */
  *ask(person: Process, work: Work): Sleeps<boolean> {
    this.use()
    return yield* this.#do(person, work)
  }

  /** Somebody uses the program: from now on it does things by itself, too. */
  use(): void {
    if (this.#beatAt !== NEVER) return
    this.#beatAt = this.#client.sim.now + this.#beatSeconds * S
    this.#inbox.wakeAll()
  }

  /** Nobody uses the program until somebody asks it for something again: it does nothing by itself. */
  rest(): void {
    this.#beatAt = NEVER
  }

  *#do(person: Process, work: Work): Sleeps<boolean> {
    if (this.exit !== null) return false
    this.#work = work
    this.#lastAction = this.#client.sim.now
    this.#inbox.wakeAll()
    while (this.#work !== null && this.exit === null) yield* this.#answers.sleep(person, "interruptible")
    return this.exit === null
  }

  /** Ends the program, and waits for that. */
  *quit(person: Process): Sleeps<void> {
    this.#ending = true
    this.#inbox.wakeAll()
    while (this.exit === null) yield* this.#answers.sleep(person, "interruptible")
  }

  /** The body of its process. */
  *run(task: KernelTask): Sleeps<ProcessExit> {
    const memory = new ProgramMemory(this.#client, task, this.placed, this.#chance)
    this.memory = memory
    const death = (yield* memory.start()) ?? (yield* this.#live(task, memory))
    memory.end()
    yield* task.settle()
    this.exit = death ?? "completed"
    this.#answers.wakeAll()
    return this.exit
  }

  /** Answers a person, works by itself, sleeps. Null: the program was asked to end. */
  *#live(task: KernelTask, memory: ProgramMemory): Sleeps<Death | null> {
    const { sim } = this.#client
    this.#collectAt = sim.now + this.#untilCollection(true)
    for (;;) {
      if (task.killed) return "killed"
      const work = this.#work
      if (work !== null) {
        const death = yield* work(memory)
        if (death !== null) return death
        yield* task.settle()
        this.#work = null
        this.#answers.wakeAll()
      } else if (this.#ending) {
        return null
      } else if (sim.now >= this.#beatAt) {
        const death = yield* this.#byItself(memory)
        if (death !== null) return death
        yield* task.settle()
      } else if (this.#beatAt === NEVER) {
        yield* this.#inbox.sleep(task, "interruptible")
      } else {
        yield* this.#inbox.sleepTimeout(task, this.#beatAt - sim.now, "interruptible")
      }
    }
  }

  /** A beat, and what collections are due. */
  *#byItself(memory: ProgramMemory): Sleeps<Death | null> {
    const { sim } = this.#client
    const { program: { busy: busyBeat, collections, quiet } } = this.placed
    const busy = sim.now - this.#lastAction < BUSY_NS
    this.#beats += this.#beatSeconds
    this.#beatAt = sim.now + this.#beatSeconds * S
    let death = yield* memory.beat(busy ? busyBeat : quiet, this.#beats, this.#beatSeconds)
    if (death !== null || collections === null) return death
    const due = sim.now >= this.#collectAt
    // what was marked is swept before anything else is marked
    if (sim.now >= this.#sweepAt || (due && this.#sweepAt !== NEVER)) {
      this.#sweepAt = NEVER
      death = yield* memory.collect(this.#marked, collections.pages, true)
    }
    if (death === null && due) {
      this.#collectAt = sim.now + this.#untilCollection(busy)
      this.#sweepAt = sim.now + this.#chance.exponential(SWEEP_NS)
      this.#marked = this.#collectFrom
      this.#collectFrom = (this.#collectFrom + collections.pages) % Math.max(1, memory.documentPages)
      death = yield* memory.collect(this.#marked, collections.pages, false)
    }
    return death
  }

  #untilCollection(busy: boolean): Nanoseconds {
    const { collections } = this.placed.program
    return collections === null ? NEVER : this.#chance.exponential(busy ? collections.busyNs : collections.quietNs)
  }
}

const nothing: Work = function*() {
  return null
}
