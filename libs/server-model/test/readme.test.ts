import { bootContext, type Task } from "@swaplab/page-alloc"
import { Disk, DISKS, PageCache } from "@swaplab/server-model"
import { Process, Sim, type Sleeps } from "@swaplab/sim"
import { readFileSync } from "node:fs"
import { expect, it } from "vitest"

it("the example of the README does what it says", () => {
  const output: Array<string> = []
  const console = { log: (line: string) => output.push(line) }

  const sim = new Sim({ seed: 1 })
  const disk = new Disk(sim, "sda", DISKS.hdd)
  const cache = new PageCache(sim, "server", disk, { capacityBytes: 64 * 2 ** 20 })
  const start = (name: string, daemon: boolean, body: (task: Task) => Sleeps<void>) => {
    const process = new Process(sim, name)
    process.daemon = daemon
    const task: Task = { ...bootContext(), process, *condResched() {} }
    sim.spawn(process, process.program(() => body(task)))
  }
  start("flusher", true, (task) => cache.flusher(task))
  start("worker", false, function*(task) {
    const swap = cache.addExport(65_536, 0)
    yield* cache.write(task, swap, 0, 32)
    console.log(`${cache.dirtyPages} pages dirty after ${sim.now} ns`)
    yield* cache.sync(task, swap)
    console.log(`${cache.dirtyPages} dirty after ${(sim.now / 1e6).toFixed(1)} ms, ${disk.writes} write to the disk`)
    const before = sim.now
    yield* cache.fill(task, swap, 40_000, 8)
    console.log(`8 pages read from the disk in ${((sim.now - before) / 1e6).toFixed(1)} ms`)
  })
  sim.run()

  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")
  expect(readme).toContain("```text\n" + output.join("\n") + "\n```")
})
