import { Process, Sim, type Sleeps, Timer, WaitQueue } from "@swaplab/sim"
import { expect, it } from "vitest"

/** A machine with a task that counts seconds, one that waits for the other, a timer, and a person before it. */
const machine = (sim: Sim) => {
  const group = sim.group("client-1")
  const log: Array<string> = []
  const bell = new WaitQueue(sim, "bell", "somebody rings")
  const task = (name: string, of: number, body: (process: Process) => Sleeps<void>): Process => {
    const process = new Process(sim, name, of)
    sim.spawn(process, process.program(() => body(process)))
    return process
  }
  task("counter", group, function*(process) {
    for (;;) {
      yield* process.hold(10)
      log.push(`count ${sim.now}`)
    }
  })
  task("waiter", group, function*(process) {
    for (;;) {
      yield* bell.sleep(process)
      log.push(`rung ${sim.now}`)
    }
  })
  const person = task("person", 0, function*(process) {
    for (;;) {
      yield* process.hold(25)
      log.push(`person ${sim.now}`)
    }
  })
  const timer = new Timer(sim.queue, () => log.push(`timer ${sim.now}`), { group })
  timer.arm(35)
  return { bell, group, log, person }
}

it("a machine that was halted does nothing any more, whoever wakes its tasks", () => {
  const sim = new Sim({ seed: 1 })
  const { bell, group, log, person } = machine(sim)
  const other = machine(sim)
  sim.queue.at(28, sim.queue.register(() => sim.halt(group, [person])), 0)
  sim.queue.at(30, sim.queue.register(() => bell.wakeAll()), 0)
  sim.run(60)
  expect(log).toEqual(["count 10", "count 20", "person 25"])
  expect(other.log).toEqual([
    "count 10",
    "count 20",
    "person 25",
    "count 30",
    "timer 35",
    "count 40",
    "person 50",
    "count 50",
    "count 60"
  ])
  expect(sim.processes.filter(({ name }) => name === "counter")).toHaveLength(1)
  expect(person.finished).toBe(true)
  sim.queue.checkInvariants()
})

it("a task that was about to run when its machine was halted does not", () => {
  const sim = new Sim({ seed: 1 })
  const { bell, group, log } = machine(sim)
  sim.queue.at(
    5,
    sim.queue.register(() => {
      sim.halt(group)
      bell.wakeAll()
    }),
    0
  )
  sim.run(9)
  expect(log).toEqual([])
})

it("the cluster itself cannot be halted", () => {
  expect(() => new Sim({ seed: 1 }).halt(0)).toThrow("cannot be silenced")
})
