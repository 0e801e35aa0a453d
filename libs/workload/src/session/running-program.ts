// One program while it runs: a process that waits for what a person asks, and works by itself now and then.
//
// A person asks for one thing at a time and waits until it is done. Between two the program sleeps. If it does something by
// itself it wakes up once a second, whatever it has to do then: touch what it uses all the time, collect garbage. A program
// that does nothing by itself sleeps without any event.
import type { KernelTask } from "@swaplab/kernel"
import { type Nanoseconds, type Process, type Random, type Sleeps, WaitQueue } from "@swaplab/sim"
import type { ProcessExit } from "../plug-in/exit.ts"
import type { ClientPort } from "../plug-in/host.ts"
import type { Death } from "./address-space.ts"
import { Collections } from "./collections.ts"
import type { Placed } from "./placement.ts"
import { ProgramMemory } from "./program-memory.ts"
import { WINDOW_BEATS } from "./shape.ts"

const S = 1e9
const NEVER = Number.POSITIVE_INFINITY
/** A program is busy for so long after a document has come. */
const BUSY_NS = 60 * S

/** Something that a program does for a person. */
export type Work = (memory: ProgramMemory) => Sleeps<Death | null>

/** Seconds between two wake-ups of a program by itself, while it has the keyboard or not. */
const beatsOf = ({ program: { busy, idle: { files, front, own, shared } } }: Placed, inFront: boolean): number => {
  if (busy !== null) return 1
  const window = WINDOW_BEATS.findIndex((_, i) => own[i] + files[i] + shared[i] + (inFront ? front[i] : 0) > 0)
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
  /** It has the keyboard. */
  #front = false
  #beatSeconds: number
  #beats = 0
  /** When it next does something by itself. */
  #beatAt: Nanoseconds = NEVER

  constructor(client: ClientPort, placed: Placed, chance: Random) {
    this.placed = placed
    this.#client = client
    this.#chance = chance
    this.#beatSeconds = beatsOf(placed, false)
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

  /** The keyboard is given to the program, or taken from it. */
  focus(front: boolean): void {
    this.#front = front
    const seconds = beatsOf(this.placed, front)
    if (seconds === this.#beatSeconds) return
    this.#beatSeconds = seconds
    if (this.#beatAt !== NEVER) this.#beatAt = this.#client.sim.now + seconds * S
  }

  /** Nobody uses the program until somebody asks it for something again: it does nothing by itself. */
  rest(): void {
    this.#beatAt = NEVER
  }

  *#do(person: Process, work: Work): Sleeps<boolean> {
    if (this.exit !== null) return false
    this.#work = work
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
    const { collections: rules } = this.placed.program
    const collections = rules === null ? null : new Collections(memory, rules, sim.now, this.#chance)
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
        const death = yield* this.#byItself(memory, collections)
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
  *#byItself(memory: ProgramMemory, collections: Collections | null): Sleeps<Death | null> {
    const { now } = this.#client.sim
    const { program: { busy: busyBeat, quiet } } = this.placed
    const busy = now - memory.loadedAt < BUSY_NS
    this.#beats += this.#beatSeconds
    this.#beatAt = now + this.#beatSeconds * S
    const death = yield* memory.beat(busy ? busyBeat : quiet, this.#beats, this.#beatSeconds, this.#front)
    return death ?? (collections === null ? null : yield* collections.run(now))
  }
}

const nothing: Work = function*() {
  return null
}
