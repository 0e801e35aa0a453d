// The example of README.md.
import { type BlkMemory, BlockQueue } from "@swaplab/blk"
import { bootContext, type Task } from "@swaplab/page-alloc"
import { Process, Sim } from "@swaplab/sim"
import { Effect } from "effect"
import { expect, it } from "vitest"

it("runs as documented", () => {
  const printed: Array<string> = []
  const console = { log: (line: string) => printed.push(line) }

  const sim = new Sim({ seed: 1 })

  // an object cache that never runs out
  const memory = (): BlkMemory => {
    let made = 0
    return {
      tryAlloc: () => made++,
      *alloc() {
        return made++
      },
      free: () => {}
    }
  }
  const queue = new BlockQueue(sim, "nbd0", memory(), memory())

  // a disk that needs 5 ms for each request
  const ended = sim.queue.register((rq) => queue.endRequest(bootContext(), rq, 0))
  queue.driver = {
    requestFn: () => {
      for (let rq = queue.fetch(); rq >= 0; rq = queue.fetch()) {
        console.log(`${sim.now / 1e6} ms: ${queue.rqPages[rq]} pages at sector ${queue.rqSector[rq]}`)
        sim.queue.after(5_000_000, ended, rq)
      }
    }
  }

  // a task that writes 40 adjacent pages
  const process = new Process(sim, "kswapd0")
  const task: Task = { ...bootContext(), process, *condResched() {} }
  sim.spawn(
    process,
    Effect.gen(function*() {
      queue.plug(task)
      for (let slot = 0; slot < 40; slot++) yield* queue.submitPage(task, true, slot * 8, slot, false)
      queue.unplug(task)
    })
  )
  sim.run()
  console.log(queue.stats.diskstatsText(43, 0, "nbd0").trim())

  expect(printed).toEqual([
    "0 ms: 31 pages at sector 0",
    "0 ms: 9 pages at sector 248",
    "43       0 nbd0 0 0 0 0 2 38 320 10 0 5 10"
  ])
})
