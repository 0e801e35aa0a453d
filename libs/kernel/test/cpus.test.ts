import { Cpus, KernelTask } from "@swaplab/kernel"
import { Sim, type Sleeps, WaitQueue } from "@swaplab/sim"
import { describe, expect, it } from "vitest"

const SWITCH = 2000

const machine = (count: number) => {
  const sim = new Sim({ seed: 1 })
  const group = sim.group("client-1")
  const cpus = new Cpus(sim, group, count, SWITCH)
  const start = (name: string, body: (task: KernelTask) => Sleeps<void>, highPriority = false): KernelTask => {
    const task = new KernelTask(sim, name, group, cpus, { highPriority })
    cpus.start(task, () => body(task))
    return task
  }
  return { sim, cpus, start }
}

describe("CPUs as a resource", () => {
  it("lets one task use a CPU at a time", () => {
    const { sim, start } = machine(1)
    const ends: Array<[string, number]> = []
    for (const name of ["a", "b"]) {
      start(name, function*(task) {
        task.ns += 10_000
        yield* task.settle()
        ends.push([name, sim.now])
      })
    }
    expect(sim.run().reason).toBe("finished")
    // a: switch + 10 µs; then b, woken and waiting, goes first, and a ends when b has given up the CPU
    expect(ends).toEqual([["b", 24_000], ["a", 24_000]])
  })

  it("runs two tasks side by side on two CPUs", () => {
    const { sim, start } = machine(2)
    const ends: Array<number> = []
    for (const name of ["a", "b"]) {
      start(name, function*(task) {
        task.ns += 10_000
        yield* task.settle()
        ends.push(sim.now)
      })
    }
    sim.run()
    expect(ends).toEqual([12_000, 12_000])
  })

  it.each([[0, 12_000], [0.5, 24_000], [0.75, 48_000]])(
    "a hypervisor that takes %d of them makes 12 us last %d ns",
    (share, end) => {
      const { cpus, sim, start } = machine(1)
      cpus.setStolen(share)
      start("a", function*(task) {
        task.ns += 10_000
        yield* task.settle()
        expect(sim.now).toBe(end)
      })
      sim.run()
      expect([sim.now, cpus.busyNs()]).toEqual([end, 12_000])
    }
  )

  it("gives none to a task that is stopped: neither when it wakes, nor while it waits, nor after its burst", () => {
    const { cpus, sim, start } = machine(1)
    const queue = new WaitQueue(sim, "queue")
    const ends: Array<[string, number]> = []
    const tasks = ["runs", "waits"].map((name) =>
      start(name, function*(task) {
        task.ns += 10_000
        yield* task.settle()
        ends.push([name, sim.now])
      })
    )
    const sleeper = start("sleeps", function*(task) {
      yield* queue.sleep(task)
      ends.push(["sleeps", sim.now])
    })
    const stop = sim.queue.register((stopped) => {
      for (const task of [...tasks, sleeper]) cpus.setStopped(task, stopped === 1)
    })
    const wake = sim.queue.register(() => queue.wakeAll())
    sim.queue.at(1_000, stop, 1)
    sim.queue.at(500_000, wake, 0)
    sim.queue.at(1_000_000, stop, 0)
    expect(sim.run(999_999).reason).toBe("until")
    expect(ends).toEqual([])
    expect(sim.run().reason).toBe("deadlock")
    expect(ends.map(([name]) => name).sort()).toEqual(["runs", "waits"])
    queue.wakeAll()
    expect(sim.run().reason).toBe("finished")
  })

  it("finds an idle CPU among many, the lowest first, past those busy with softirqs", () => {
    const { sim, cpus, start } = machine(70)
    const used: Array<number> = []
    for (let cpu = 0; cpu < 70; cpu++) if (cpu !== 3 && cpu !== 40 && cpu !== 69) cpus.steal(cpu, 1_000_000)
    for (const name of ["a", "b", "c"]) {
      start(name, function*(task) {
        used.push(task.onCpu)
        task.ns += 10_000
        yield* task.settle()
      })
    }
    expect(sim.run(900_000).reason).toBe("until")
    expect(used).toEqual([3, 40, 69])
  })

  it("steals softirq time from the running task", () => {
    const { sim, cpus, start } = machine(1)
    let end = 0
    start("a", function*(task) {
      task.ns += 10_000
      yield* task.settle()
      end = sim.now
    })
    const interrupt = sim.queue.register(() => cpus.steal(0, 5000))
    sim.queue.at(3000, interrupt, 0)
    sim.run()
    expect(end).toBe(17_000)
    expect(cpus.busyNs()).toBe(17_000)
  })

  it("a woken nice −20 thread goes before woken tasks, and these before one that has used its slice", () => {
    const { sim, start } = machine(1)
    const order: Array<string> = []
    const queue = new WaitQueue(sim, "start")
    const sleeper = (name: string) =>
      function*(task: KernelTask): Sleeps<void> {
        yield* queue.sleep(task)
        order.push(name)
      }
    start("normal", sleeper("normal"))
    start("high", sleeper("high"), true)
    start("hog", function*(task) {
      for (let i = 0; i < 40; i++) {
        task.ns += 100_000
        yield* task.settle()
        if (i === 5) queue.wakeAll()
      }
      order.push("hog")
    })
    sim.run()
    expect(order).toEqual(["high", "normal", "hog"])
  })

  it("a nice −20 thread keeps its CPU for 87 slices, then gives the others a turn", () => {
    const { sim, start } = machine(1)
    const bursts: Array<string> = []
    const hog = (name: string, count: number) =>
      function*(task: KernelTask): Sleeps<void> {
        for (let i = 0; i < count; i++) {
          task.ns += 1_000_000
          yield* task.settle()
          bursts.push(name)
        }
      }
    start("normal", hog("normal", 3))
    start("high", hog("high", 100), true)
    sim.run()
    // the thread starts when the first burst of the other one has passed
    const turn = bursts.indexOf("normal")
    expect(turn).toBe(86)
    expect(bursts.slice(turn).lastIndexOf("high")).toBeGreaterThan(0)
  })

  it("a task woken inside the burst that led into its sleep continues after that burst", () => {
    const { sim, start } = machine(1)
    const queue = new WaitQueue(sim, "reply")
    let end = 0
    start("a", function*(task) {
      task.ns += 50_000
      yield* queue.sleep(task)
      end = sim.now
    })
    const reply = sim.queue.register(() => queue.wakeAll())
    sim.queue.at(10_000, reply, 0)
    sim.run()
    // its burst of 52 µs passes first; the switch back in is charged to the next burst
    expect(end).toBe(52_000)
  })

  it("accounts user and system time", () => {
    const { sim, start } = machine(1)
    const task = start("a", function*(self) {
      self.user(700)
      self.ns += 300
      yield* self.settle()
    })
    sim.run()
    expect(task.userNs).toBe(700)
    expect(task.sysNs).toBe(300 + SWITCH)
  })
})
