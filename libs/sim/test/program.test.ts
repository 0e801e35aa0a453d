// A body driven by Process.program behaves as the same body run by Effect.gen.
import { Process, Sim, type Sleeps, WaitQueue } from "@swaplab/sim"
import { Effect, Utils } from "effect"
import { describe, expect, it } from "vitest"

type Run = (process: Process, body: () => Sleeps<void>) => Effect.Effect<void>

const ways: ReadonlyArray<readonly [string, Run]> = [
  ["Process.program", (process, body) => process.program(body)],
  ["Effect.gen", (_, body) => Effect.gen(body)]
]

/** Lets the Effect runtime run a step of a body. */
function* effect(program: Effect.Effect<void>): Sleeps<void> {
  yield new Utils.YieldWrap(program)
}

describe.each(ways)("a body run by %s", (_, run) => {
  const setUp = () => {
    const sim = new Sim({ seed: 1 })
    const queue = new WaitQueue(sim, "queue")
    const log: Array<string> = []
    const task = (name: string, body: (process: Process) => Sleeps<void>): Process => {
      const process = new Process(sim, name)
      sim.spawn(process, run(process, () => body(process)))
      return process
    }
    const at = (time: number, act: () => void): void => sim.queue.at(time, sim.queue.register(act), 0)
    return { at, log, queue, sim, task }
  }

  it("sleeps, and goes on in the order of the wake-ups", () => {
    const { at, log, queue, sim, task } = setUp()
    for (const name of ["a", "b", "c"]) {
      task(name, function*(p) {
        yield* p.hold(5)
        yield* queue.sleep(p)
        log.push(`${name}@${sim.now}`)
        yield* p.hold(5)
        log.push(`${name}@${sim.now}`)
      })
    }
    at(10, () => queue.wakeAll())
    expect(sim.run().reason).toBe("finished")
    expect(log).toEqual(["a@10", "b@10", "c@10", "a@15", "b@15", "c@15"])
    expect(sim.processes.every((process) => process.finished)).toBe(true)
  })

  it("does not miss a wake-up that comes while it goes to sleep", () => {
    const { log, queue, sim, task } = setUp()
    const p = task("a", function*(p) {
      yield* queue.sleep(p)
      log.push(`woken@${sim.now}`)
    })
    p.dispatcher = { ready: (process) => process.resume(), sleeping: () => queue.wake(p) }
    expect(sim.run().reason).toBe("finished")
    expect(log).toEqual(["woken@0"])
  })

  it("runs any other Effect on virtual time, and sleeps again after it", () => {
    const { log, queue, sim, task } = setUp()
    task("a", function*(p) {
      yield* effect(Effect.sleep("3 millis"))
      log.push(`a@${sim.now}`)
      yield* p.hold(10)
      log.push(`a@${sim.now}`)
      queue.wakeAll()
    })
    task("b", function*(p) {
      yield* queue.sleep(p)
      log.push(`b@${sim.now}`)
    })
    expect(sim.run().reason).toBe("finished")
    expect(log).toEqual(["a@3000000", "a@3000010", "b@3000010"])
  })

  it("throws what the body throws out of the run, before and after a sleep", () => {
    for (const sleepFirst of [false, true]) {
      const { sim, task } = setUp()
      task("a", function*(p) {
        if (sleepFirst) yield* p.hold(10)
        throw new Error("our bug")
      })
      expect(() => sim.run()).toThrow("our bug")
    }
  })

  it("is seen asleep by the registry of waiters", () => {
    const { queue, sim, task } = setUp()
    task("a", (p) => queue.sleep(p))
    expect(sim.run()).toMatchObject({ reason: "deadlock", blocked: [{ process: "a", waitingOn: "queue" }] })
  })
})
