import { type Dispatcher, Process, type ProcessState, Sim, type Sleeps, WaitQueue } from "@swaplab/sim"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"

const setUp = () => {
  const sim = new Sim({ seed: 1 })
  const queue = new WaitQueue(sim, "kswapd_wait", "a low watermark")
  const log: Array<string> = []
  /** Runs `body` as a task of its own; the log gets its name when it ends. */
  const task = (name: string, body: (process: Process) => Sleeps<unknown>): Process => {
    const process = new Process(sim, name)
    sim.spawn(
      process,
      Effect.gen(function*() {
        const value = yield* body(process)
        log.push(value === undefined ? `${name}@${sim.now}` : `${name}=${String(value)}@${sim.now}`)
      })
    )
    return process
  }
  const at = (time: number, act: () => void): void => sim.queue.at(time, sim.queue.register(act), 0)
  return { at, log, queue, sim, task }
}

describe("order", () => {
  it("wakes all in order of arrival", () => {
    const { at, log, queue, sim, task } = setUp()
    for (const name of ["a", "b", "c"]) task(name, (p) => queue.sleep(p))
    at(10, () => expect(queue.wakeAll()).toBe(3))
    expect(sim.run()).toEqual({ reason: "finished" })
    expect(log).toEqual(["a@10", "b@10", "c@10"])
    expect(queue.waiters).toBe(0)
  })

  it("wakes one at a time, the first that came", () => {
    const { at, log, queue, sim, task } = setUp()
    for (const name of ["a", "b"]) task(name, (p) => queue.sleep(p))
    at(10, () => expect(queue.wakeOne()).toBe(true))
    at(20, () => expect(queue.wakeOne()).toBe(true))
    at(30, () => expect(queue.wakeOne()).toBe(false))
    sim.run()
    expect(log).toEqual(["a@10", "b@20"])
  })

  it("wakeUp wakes all others and one exclusive waiter, which stands behind them", () => {
    const { at, log, queue, sim, task } = setUp()
    task("x1", (p) => queue.sleepExclusive(p))
    task("a", (p) => queue.sleep(p))
    task("x2", (p) => queue.sleepExclusive(p))
    task("b", (p) => queue.sleep(p))
    at(5, () => expect([...queue].map((p) => p.name)).toEqual(["a", "b", "x1", "x2"]))
    at(10, () => expect(queue.wakeUp()).toBe(3))
    at(20, () => expect(queue.wakeUp()).toBe(1))
    at(30, () => expect(queue.wakeUp()).toBe(0))
    sim.run()
    expect(log).toEqual(["a@10", "b@10", "x1@10", "x2@20"])
  })

  it("takes a waiter out of the middle", () => {
    const { at, log, queue, sim, task } = setUp()
    task("a", (p) => queue.sleep(p))
    const b = task("b", (p) => queue.sleep(p))
    task("c", (p) => queue.sleep(p))
    at(10, () => queue.wake(b))
    at(15, () => expect([...queue].map((p) => p.name)).toEqual(["a", "c"]))
    at(20, () => queue.wakeAll())
    sim.run()
    expect(log).toEqual(["b@10", "a@20", "c@20"])
  })
})

describe("time-out", () => {
  it("says whether it was woken or the time ran out, to the nanosecond", () => {
    const { at, log, queue, sim, task } = setUp()
    task("late", (p) => queue.sleepTimeout(p, 1499))
    task("woken", (p) => queue.sleepTimeout(p, 1501))
    task("exclusive", (p) => queue.sleepExclusiveTimeout(p, 1))
    at(1500, () => queue.wakeAll())
    sim.run()
    expect(log).toEqual(["exclusive=false@1", "late=false@1499", "woken=true@1500"])
    expect(sim.now).toBe(1501)
  })

  it("of an earlier sleep does not end a later one", () => {
    const { at, log, queue, sim, task } = setUp()
    task("a", function*(p) {
      const first = yield* queue.sleepTimeout(p, 100)
      const second = yield* queue.sleepTimeout(p, 1000)
      yield* queue.sleep(p)
      return `${first},${second}`
    })
    at(50, () => queue.wakeAll())
    at(2000, () => queue.wakeAll())
    sim.run()
    expect(log).toEqual(["a=true,false@2000"])
  })

  it("is no work in flight, a hold is", () => {
    const { queue, sim, task } = setUp()
    task("sleeper", (p) => queue.sleepTimeout(p, 100))
    sim.run(0)
    expect(sim.queue.size).toBe(1)
    expect(sim.queue.pendingWork(0)).toBe(0)
    task("worker", (p) => p.hold(100))
    sim.run(0)
    expect(sim.queue.pendingWork(0)).toBe(1)
  })
})

describe("registry", () => {
  it("knows who waits, where, since when, in which state and why", () => {
    const { queue, sim, task } = setUp()
    const p = task("sender", function*(p) {
      yield* p.hold(40)
      p.why = "order 0, GFP_NOIO"
      yield* queue.sleep(p, "killable")
    })
    sim.run(0)
    expect(p.waitingOn).toBeNull()
    expect(p.state).toBe("running")
    sim.run(1000)
    expect(p.waitingOn).toBe(queue)
    expect([p.state, p.since, p.why, queue.waiters]).toEqual(["killable", 40, "order 0, GFP_NOIO", 1])
    queue.wakeAll()
    expect([p.state, p.waitingOn, queue.waiters]).toEqual(["running", null, 0])
  })

  it("dies when one task is put on two queues, or woken where it does not wait", () => {
    const { queue, sim, task } = setUp()
    const other = new WaitQueue(sim, "other")
    const p = task("a", (p) => queue.sleep(p))
    sim.run(0)
    expect(() => other.sleep(p).next()).toThrow("one queue only")
    expect(() => other.wake(p)).toThrow("does not wait here")
  })

  it("dies when a sleep was put under Effect.timeout, rather than going wrong later", () => {
    const { queue, sim } = setUp()
    const p = new Process(sim, "a")
    sim.spawn(
      p,
      Effect.gen(function*() {
        yield* Effect.gen(() => queue.sleep(p)).pipe(Effect.timeoutOption("1 second"))
        yield* queue.sleep(p)
      })
    )
    expect(() => sim.run()).toThrow("one queue only")
  })
})

describe("kill", () => {
  it.each<[ProcessState, boolean]>([["interruptible", true], ["killable", true], ["uninterruptible", false]])(
    "wakes a task that sleeps %s: %s",
    (state, woken) => {
      const { at, log, queue, sim, task } = setUp()
      const p = task("a", (p) => queue.sleep(p, state))
      at(10, () => p.kill())
      at(20, () => expect(queue.waiters).toBe(woken ? 0 : 1))
      at(30, () => queue.wakeAll())
      sim.run()
      expect(p.killed).toBe(true)
      expect(log).toEqual([woken ? "a@10" : "a@30"])
    }
  )

  it("before the sleep keeps the task from falling asleep, unless in D", () => {
    const { at, log, queue, sim, task } = setUp()
    const p = task("a", function*(p) {
      yield* p.hold(10)
      yield* queue.sleep(p, "killable")
      yield* queue.sleepExclusive(p, "interruptible")
      const woken = yield* queue.sleepTimeout(p, 1000, "killable")
      const exclusive = yield* queue.sleepExclusiveTimeout(p, 1000, "killable")
      log.push(`${woken} ${exclusive} ${sim.now}`)
      yield* queue.sleep(p)
    })
    at(5, () => p.kill())
    at(50, () => queue.wakeAll())
    sim.run()
    expect(log).toEqual(["true true 10", "a@50"])
  })
})

describe("dispatcher", () => {
  it("decides when a woken task runs, and hears when it goes to sleep", () => {
    const { at, log, queue, sim, task } = setUp()
    const cpu: Dispatcher = {
      ready: (process) => sim.queue.after(7, sim.queue.register(() => process.resume()), 0),
      sleeping: (process) => log.push(`${process.name} leaves at ${sim.now}`)
    }
    const p = task("a", (p) => queue.sleep(p))
    p.dispatcher = cpu
    at(10, () => queue.wakeAll())
    sim.run()
    expect(log).toEqual(["a leaves at 0", "a@17"])
  })

  it("may wake a task that is on its way to sleep, before its fiber is suspended", () => {
    const { log, queue, sim, task } = setUp()
    const p = task("a", function*(p) {
      // the driver completes the request while it is being submitted
      yield* queue.sleep(p)
      yield* queue.sleep(p)
      return "twice"
    })
    p.dispatcher = { ready: (process) => process.resume(), sleeping: () => queue.wakeAll() }
    expect(sim.run()).toEqual({ reason: "finished" })
    expect(log).toEqual(["a=twice@0"])
  })

  it("dies when it resumes a task twice", () => {
    const { sim, task } = setUp()
    const p = task("a", (p) => p.hold(5))
    sim.run(0)
    p.resume()
    p.resume()
    expect(() => p.resume()).toThrow("resumed twice")
  })
})

it("a chain of functions that may sleep returns its value through every level", () => {
  const { at, log, queue, sim, task } = setUp()
  const level = function*(p: Process, depth: number): Sleeps<number> {
    if (depth === 0) {
      yield* queue.sleep(p)
      return 1
    }
    return 1 + (yield* level(p, depth - 1))
  }
  task("deep", (p) => level(p, 50))
  at(3, () => queue.wakeAll())
  sim.run()
  expect(log).toEqual(["deep=51@3"])
})
