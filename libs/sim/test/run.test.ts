import { Process, Sim, type Sleeps, WaitQueue } from "@swaplab/sim"
import { Deferred, Effect, FiberId } from "effect"
import { describe, expect, it } from "vitest"

const spawn = (sim: Sim, name: string, body: (process: Process) => Sleeps<void>, group = 0): Process => {
  const process = new Process(sim, name, group)
  sim.spawn(process, Effect.gen(() => body(process)))
  return process
}

describe("how a run ends", () => {
  it("finished: nothing is left to happen, and nobody waits", () => {
    const sim = new Sim({ seed: 1 })
    const p = spawn(sim, "a", (p) => p.hold(10))
    expect(sim.run()).toEqual({ reason: "finished" })
    expect([sim.now, p.finished]).toEqual([10, true])
  })

  it("until: time stands at the limit, and the run goes on from there", () => {
    const sim = new Sim({ seed: 1 })
    spawn(sim, "a", (p) => p.hold(1000))
    expect(sim.run(400)).toEqual({ reason: "until" })
    expect(sim.now).toBe(400)
    expect(sim.run(999)).toEqual({ reason: "until" })
    expect(sim.run(1000)).toEqual({ reason: "finished" })
  })

  it("events: after so many events", () => {
    const sim = new Sim({ seed: 1 })
    spawn(sim, "a", function*(p) {
      for (let i = 0; i < 10; i++) yield* p.hold(1)
    })
    expect(sim.run(Number.POSITIVE_INFINITY, 4)).toEqual({ reason: "events" })
    expect(sim.now).toBe(4)
    expect(sim.run()).toEqual({ reason: "finished" })
  })

  it("stopped: after the event that was firing", () => {
    const sim = new Sim({ seed: 1 })
    spawn(sim, "a", function*(p) {
      for (;;) {
        yield* p.hold(1)
        if (sim.now === 5) sim.stop()
      }
    })
    expect(sim.run()).toEqual({ reason: "stopped" })
    expect(sim.now).toBe(5)
  })
})

describe("deadlock", () => {
  it("is reported with the names of tasks and queues, what would wake them, since when and why", () => {
    const sim = new Sim({ seed: 1 })
    const slots = new WaitQueue(sim, "nbd0 request slot (async)", "a request of nbd0 completes")
    const page = new WaitQueue(sim, "page 0x1f3 writeback")
    spawn(sim, "kswapd", function*(p) {
      yield* p.hold(5)
      p.why = "order 0, GFP_NOIO"
      yield* slots.sleep(p)
    })
    spawn(sim, "usemem-1", (p) => page.sleep(p))
    expect(sim.run()).toEqual({
      reason: "deadlock",
      blocked: [
        {
          process: "kswapd",
          waitingOn: "nbd0 request slot (async)",
          wokenBy: "a request of nbd0 completes",
          sinceNs: 5,
          why: "order 0, GFP_NOIO"
        },
        { process: "usemem-1", waitingOn: "page 0x1f3 writeback", wokenBy: "", sinceNs: 0, why: null }
      ]
    })
  })

  it("leaves daemons out, which wait for ever by design", () => {
    const sim = new Sim({ seed: 1 })
    const queue = new WaitQueue(sim, "kswapd_wait")
    spawn(sim, "kswapd", (p) => queue.sleep(p)).daemon = true
    expect(sim.run()).toEqual({ reason: "finished" })
    spawn(sim, "user", (p) => queue.sleep(p))
    expect(sim.run()).toMatchObject({ reason: "deadlock", blocked: [{ process: "user" }] })
  })

  it("is no silent end either when a program waits in a primitive of Effect", () => {
    const sim = new Sim({ seed: 1 })
    const gate = Deferred.unsafeMake<void>(FiberId.none)
    const task = new Process(sim, "task")
    sim.spawn(task, Deferred.await(gate))
    sim.fork(Deferred.await(gate), "fault script")
    expect(sim.run()).toMatchObject({
      reason: "deadlock",
      blocked: [{ process: "task", waitingOn: "no wait queue" }, {
        process: "fault script",
        waitingOn: "no wait queue"
      }]
    })
    Deferred.unsafeDone(gate, Effect.void)
    expect(sim.run()).toEqual({ reason: "finished" })
  })

  it("does not count a task that was made but never started, nor one that ended", () => {
    const sim = new Sim({ seed: 1 })
    new Process(sim, "idle")
    spawn(sim, "ended", (p) => p.hold(1))
    expect(sim.run()).toEqual({ reason: "finished" })
  })
})

describe("our own bugs", () => {
  it("in a task end the run with their cause", () => {
    const sim = new Sim({ seed: 1 })
    spawn(sim, "a", function*(p) {
      yield* p.hold(1)
      throw new RangeError("free list broken")
    })
    expect(() => sim.run()).toThrow("free list broken")
  })

  it("in a script, and in a fiber that a script forked and nobody joins", () => {
    const sim = new Sim({ seed: 1 })
    sim.fork(Effect.die(new RangeError("script broken")))
    expect(() => sim.run()).toThrow("script broken")
    const other = new Sim({ seed: 1 })
    other.fork(Effect.gen(function*() {
      yield* Effect.fork(Effect.sleep("1 millis").pipe(Effect.andThen(Effect.die(new RangeError("child broken")))))
      yield* Effect.sleep("1 second")
    }))
    expect(() => other.run()).toThrow("child broken")
    expect(other.now).toBe(1e6)
  })

  it("in an event handler come straight out of run", () => {
    const sim = new Sim({ seed: 1 })
    sim.queue.at(
      1,
      sim.queue.register(() => {
        throw new RangeError("handler broken")
      }),
      0
    )
    expect(() => sim.run()).toThrow("handler broken")
  })

  it("a task has one fiber", () => {
    const sim = new Sim({ seed: 1 })
    const p = spawn(sim, "a", (p) => p.hold(1))
    expect(() => sim.spawn(p, Effect.void)).toThrow("one fiber only")
  })

  it("fibers that wake each other for ever at one instant are a livelock, not a hang", () => {
    const sim = new Sim({ seed: 1 })
    sim.fork(Effect.forever(Effect.yieldNow()))
    expect(() => sim.run()).toThrow("livelock")
  })
})

describe("fingerprint of a run", () => {
  const run = (seed: number, clients = 10): string => {
    const sim = new Sim({ seed })
    const wheel = new WaitQueue(sim, "wheel")
    for (let c = 0; c < clients; c++) {
      const think = sim.stream(`client-${c}`, "think")
      spawn(sim, `client-${c}`, function*(p) {
        for (let i = 0; i < 50; i++) {
          yield* p.hold(think.below(1000))
          if (think.below(4) === 0) wheel.wakeAll()
          else yield* wheel.sleepTimeout(p, Math.round(think.exponential(300)))
        }
      })
    }
    sim.run()
    return sim.fingerprint()
  }

  it("is equal for equal runs and different for different ones", () => {
    expect(run(1)).toBe(run(1))
    expect(run(1)).not.toBe(run(2))
    expect(run(1)).not.toBe(run(1, 11))
  })

  it("does not depend on how the run was cut into pieces", () => {
    const build = () => {
      const sim = new Sim({ seed: 3 })
      const think = sim.stream("think")
      for (let c = 0; c < 5; c++) {
        spawn(sim, `client-${c}`, function*(p) {
          for (let i = 0; i < 50; i++) yield* p.hold(think.below(1000))
        })
      }
      return sim
    }
    const whole = build()
    whole.run()
    const pieces = build()
    for (let t = 0; pieces.run(t).reason === "until"; t += 777);
    const single = build()
    while (single.run(Number.POSITIVE_INFINITY, 1).reason === "events");
    expect(pieces.fingerprint()).toBe(whole.fingerprint())
    expect(single.fingerprint()).toBe(whole.fingerprint())
  })
})

describe("jiffies", () => {
  it.each([
    [250, 0, 1, 4_000_000],
    [250, 0, 4_000_000, 4_000_000],
    [250, 0, 4_000_001, 8_000_000],
    [250, 1_000_000, 4_000_000, 3_000_000],
    [250, 3_999_999, 1, 1],
    [250, 4_000_000, 1, 4_000_000],
    [250, 0, 0, 4_000_000],
    [100, 0, 100_000_000, 100_000_000],
    [1000, 500_000, 1_500_000, 1_500_000]
  ])("HZ %d at %d ns: a sleep of %d ns lasts %d ns", (hz, now, duration, lasts) => {
    const sim = new Sim({ seed: 1, hz })
    sim.queue.at(1e9, sim.queue.register(() => {}), 0)
    sim.run(now)
    expect(sim.now).toBe(now)
    expect(sim.jiffies(duration)).toBe(lasts)
  })

  it("end at a tick, less than one tick early at the worst", () => {
    const sim = new Sim({ seed: 1, hz: 250 })
    const random = sim.stream("jiffies")
    for (let i = 0; i < 2000; i++) {
      sim.queue.now += random.below(10_000_000)
      const duration = 1 + random.below(50_000_000)
      const lasts = sim.jiffies(duration)
      expect((sim.now + lasts) % sim.tickNs).toBe(0)
      expect(lasts).toBeGreaterThan(duration - sim.tickNs)
      expect(lasts).toBeLessThan(duration + sim.tickNs)
    }
  })

  it("need an HZ that divides a second", () => {
    expect(() => new Sim({ seed: 1, hz: 300 })).toThrow("HZ")
    expect(new Sim({ seed: 1 }).hz).toBe(250)
  })
})

it("counts the work of each machine apart", () => {
  const sim = new Sim({ seed: 1 })
  const one = sim.group("client-1")
  const two = sim.group("client-2")
  const queue = new WaitQueue(sim, "q")
  spawn(sim, "a", (p) => p.hold(10), one)
  spawn(sim, "b", (p) => p.hold(20), one)
  spawn(sim, "c", function*(p) {
    yield* queue.sleepTimeout(p, 30)
  }, two)
  sim.run(0)
  expect([sim.queue.pendingWork(one), sim.queue.pendingWork(two)]).toEqual([2, 0])
  sim.run(10)
  expect(sim.queue.pendingWork(one)).toBe(1)
  expect([sim.groupName(0), sim.groupName(two)]).toEqual(["cluster", "client-2"])
})

it("a thousand tasks on a hundred queues end in the same order twice", () => {
  const run = (): Array<string> => {
    const sim = new Sim({ seed: 8 })
    const queues = Array.from({ length: 100 }, (_, i) => new WaitQueue(sim, `q${i}`))
    const order: Array<string> = []
    for (let i = 0; i < 1000; i++) {
      const random = sim.stream(`task-${i}`)
      spawn(sim, `task-${i}`, function*(p) {
        for (let j = 0; j < 5; j++) {
          yield* p.hold(random.below(100))
          yield* queues[random.below(100)].sleepTimeout(p, random.below(100))
          queues[random.below(100)].wakeUp()
        }
        order.push(p.name)
      })
    }
    expect(sim.run().reason).toBe("finished")
    sim.queue.checkInvariants()
    return order
  }
  const first = run()
  expect(first).toHaveLength(1000)
  expect(run()).toEqual(first)
})
