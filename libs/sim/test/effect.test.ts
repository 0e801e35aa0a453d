// Everything of Effect that deals with time or with waiting, on virtual time: no test here takes a second.
import { Sim } from "@swaplab/sim"
import { Clock, Deferred, Duration, Effect, Fiber, Option, Queue, Random, Schedule } from "effect"
import { expect, it } from "vitest"

/** Runs a program that writes a log, until nothing happens any more. */
const logOf = (program: (say: (what: string) => Effect.Effect<void>) => Effect.Effect<void>): Array<string> => {
  const sim = new Sim({ seed: 1 })
  const log: Array<string> = []
  sim.fork(program((what) => Effect.sync(() => void log.push(`${what}@${sim.now / 1e6}`))))
  expect(sim.run()).toEqual({ reason: "finished" })
  return log
}

it("sleep takes its time to the nanosecond, and nothing rounds to a millisecond", () => {
  const sim = new Sim({ seed: 1 })
  const times: Array<number> = []
  sim.fork(Effect.gen(function*() {
    for (const length of ["1500 nanos", "1 micros", "1 nanos", "0 nanos", "2 seconds"] as const) {
      yield* Effect.sleep(length)
      times.push(sim.now)
    }
    yield* Effect.sleep(Duration.millis(0.25))
    times.push(sim.now)
  }))
  sim.run()
  expect(times).toEqual([1500, 2500, 2501, 2501, 2_000_002_501, 2_000_252_501])
})

it("the clock says the virtual time", () => {
  const sim = new Sim({ seed: 1 })
  const seen: Array<number | bigint> = []
  sim.fork(Effect.gen(function*() {
    yield* Effect.sleep("12345678 nanos")
    seen.push(yield* Clock.currentTimeMillis)
    seen.push(yield* Clock.currentTimeNanos)
    const [took] = yield* Effect.timed(Effect.sleep("3 micros"))
    seen.push(Duration.toMillis(took))
  }))
  sim.run()
  expect(seen).toEqual([12, 12345678n, 0.003])
})

it("timeout ends what takes too long, and lets pass what does not", () => {
  expect(logOf((say) =>
    Effect.gen(function*() {
      const slow = yield* Effect.sleep("10 seconds").pipe(Effect.timeoutOption("1500 micros"))
      yield* say(Option.isNone(slow) ? "too slow" : "done")
      const fast = yield* Effect.sleep("1 millis").pipe(Effect.as(7), Effect.timeoutOption("1 second"))
      yield* say(`fast ${Option.getOrNull(fast)}`)
    })
  )).toEqual(["too slow@1.5", "fast 7@2.5"])
})

it("schedules: spaced, exponential and recurs", () => {
  expect(
    logOf((say) =>
      say("tick").pipe(Effect.repeat(Schedule.spaced("10 millis").pipe(Schedule.intersect(Schedule.recurs(3)))))
    )
  )
    .toEqual(["tick@0", "tick@10", "tick@20", "tick@30"])
  expect(logOf((say) =>
    say("try").pipe(
      Effect.andThen(Effect.fail("no")),
      Effect.retry(Schedule.exponential("1 millis").pipe(Schedule.intersect(Schedule.recurs(4)))),
      Effect.ignore
    )
  )).toEqual(["try@0", "try@1", "try@3", "try@7", "try@15"])
})

it("a bounded queue holds its producer back", () => {
  expect(logOf((say) =>
    Effect.gen(function*() {
      const queue = yield* Queue.bounded<number>(2)
      const producer = yield* Effect.fork(
        Effect.forEach([1, 2, 3, 4], (n) => queue.offer(n).pipe(Effect.andThen(say(`put ${n}`))), { discard: true })
      )
      for (let i = 0; i < 4; i++) {
        yield* Effect.sleep("10 millis")
        yield* say(`took ${yield* queue.take}`)
      }
      yield* Fiber.join(producer)
    })
  )).toEqual(["put 1@0", "put 2@0", "took 1@10", "put 3@10", "took 2@20", "put 4@20", "took 3@30", "took 4@40"])
})

it("a deferred wakes all who await it, in order", () => {
  expect(logOf((say) =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<string>()
      const waiter = (name: string) => Effect.flatMap(Deferred.await(gate), (value) => say(`${name} ${value}`))
      const fibers = yield* Effect.forEach(["a", "b", "c"], (name) => Effect.fork(waiter(name)))
      yield* Effect.sleep("5 millis")
      yield* Deferred.succeed(gate, "open")
      yield* Fiber.joinAll(fibers)
    })
  )).toEqual(["a open@5", "b open@5", "c open@5"])
})

it("a semaphore lets in as many as it has permits", () => {
  expect(logOf((say) =>
    Effect.gen(function*() {
      const permits = yield* Effect.makeSemaphore(2)
      const job = (name: string) =>
        permits.withPermits(1)(say(`${name} in`).pipe(Effect.andThen(Effect.sleep("10 millis"))))
      yield* Effect.forEach(["a", "b", "c", "d", "e"], job, { concurrency: "unbounded", discard: true })
    })
  )).toEqual(["a in@0", "b in@0", "c in@10", "d in@10", "e in@20"])
})

it("an interrupted fiber runs its finalizers, which may sleep; the interrupter waits for them", () => {
  expect(logOf((say) =>
    Effect.gen(function*() {
      const fiber = yield* Effect.fork(
        Effect.sleep("1 hour").pipe(
          Effect.onInterrupt(() => say("interrupted")),
          Effect.ensuring(Effect.sleep("30 millis").pipe(Effect.andThen(say("cleaned up"))))
        )
      )
      yield* Effect.sleep("10 millis")
      yield* Fiber.interrupt(fiber)
      yield* say("after")
    })
  )).toEqual(["interrupted@10", "cleaned up@40", "after@40"])
})

it("acquireUseRelease releases when its user is interrupted", () => {
  expect(
    logOf((say) =>
      Effect.acquireUseRelease(
        say("acquire"),
        () => Effect.sleep("1 hour"),
        () => Effect.sleep("1 millis").pipe(Effect.andThen(say("release")))
      ).pipe(
        Effect.timeoutOption("20 millis"),
        Effect.andThen(say("end"))
      )
    )
  ).toEqual(["acquire@0", "release@21", "end@21"])
})

it("race: the first wins, the loser is interrupted", () => {
  expect(logOf((say) =>
    Effect.race(
      Effect.sleep("20 millis").pipe(Effect.as("slow"), Effect.onInterrupt(() => say("slow stopped"))),
      Effect.sleep("10 millis").pipe(Effect.as("fast"))
    ).pipe(Effect.flatMap(say))
  )).toEqual(["slow stopped@10", "fast@10"])
})

it("Effect's own Random comes from the seed", () => {
  const draw = (seed: number) => {
    const sim = new Sim({ seed })
    const drawn: Array<number> = []
    sim.fork(Effect.gen(function*() {
      for (let i = 0; i < 5; i++) drawn.push(yield* Random.nextIntBetween(0, 1_000_000))
    }))
    sim.run()
    return drawn
  }
  expect(draw(5)).toEqual(draw(5))
  expect(draw(5)).not.toEqual(draw(6))
})

it("jittered schedules take the same time in equal runs", () => {
  const run = (seed: number) => {
    const sim = new Sim({ seed })
    const schedule = Schedule.spaced("1 second").pipe(Schedule.jittered, Schedule.intersect(Schedule.recurs(20)))
    sim.fork(Effect.repeat(Effect.void, schedule).pipe(Effect.asVoid))
    sim.run()
    return `${sim.now} ${sim.fingerprint()}`
  }
  expect(run(1)).toBe(run(1))
  expect(run(1)).not.toBe(run(2))
})

it("a sleep past the end of time never ends, and is reported", () => {
  const sim = new Sim({ seed: 1 })
  sim.fork(Effect.sleep("105 days"), "tea")
  expect(sim.run()).toMatchObject({ reason: "deadlock", blocked: [{ process: "tea" }] })
})
