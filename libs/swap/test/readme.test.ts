// The example of README.md.
import { type BlkMemory, BlockQueue } from "@swaplab/blk"
import { bootContext, Frames, PG_locked, PG_uptodate, type Task, VmStat } from "@swaplab/page-alloc"
import { Process, Sim } from "@swaplab/sim"
import { Swap, type SwapOps } from "@swaplab/swap"
import { Effect } from "effect"
import { expect, it } from "vitest"

it("runs as documented", () => {
  const printed: Array<string> = []
  const console = { log: (line: unknown) => printed.push(String(line)) }

  const sim = new Sim({ seed: 1 })
  const frames = new Frames(64)

  // an object cache that never runs out
  const memory = (): BlkMemory => {
    let made = 0
    const next = (): number => made++
    return {
      tryAlloc: next,
      *alloc() {
        return next()
      },
      free: () => {}
    }
  }

  // a disk that needs 5 ms for each request
  const queue = new BlockQueue(sim, "nbd0", memory(), memory())
  const ended = sim.queue.register((rq) => queue.endRequest(bootContext(), rq, 0))
  queue.driver = {
    requestFn: () => {
      for (let rq = queue.fetch(); rq >= 0; rq = queue.fetch()) {
        const what = queue.rqWrite[rq] === 1 ? "write" : "read"
        console.log(`${sim.now / 1e6} ms: ${what} ${queue.rqPages[rq]} pages at slot ${queue.rqSector[rq] / 8}`)
        sim.queue.after(5_000_000, ended, rq)
      }
    }
  }

  // the rest of the machine: pages 32 and up are free, and nothing is counted
  let free = 32
  const takePage = (): number => {
    frames.refCount[free] = 1
    return free++
  }
  const ops: SwapOps = {
    tryAllocPage: takePage,
    *allocPage() {
      return takePage()
    },
    freePage: () => {},
    lruCacheAddAnon: () => {},
    lruAddDrain: () => {},
    rotateReclaimable: () => {},
    modZoneState: () => {},
    log: console.log,
    vmstat: new VmStat(),
    radixTreeNodes: memory()
  }
  const swap = new Swap(sim, frames, queue, ops, {
    areas: [{
      path: "/dev/nbd0",
      device: [43, 0],
      slots: 1 + 2048,
      solidState: false,
      random: sim.stream("swap"),
      on: queue
    }],
    cpus: 1,
    readaheadPlug: true
  })

  const process = new Process(sim, "kswapd0")
  const task: Task = { ...bootContext(), process, *condResched() {} }
  sim.spawn(
    process,
    Effect.gen(function*() {
      // first visit of reclaim: eight isolated, locked pages get slots and are written
      swap.startPlug(task)
      for (let page = 0; page < 8; page++) {
        frames.refCount[page] = 1
        frames.flags[page] = PG_uptodate | PG_locked
        swap.addToSwap(task, page)
        swap.swapDuplicate(frames.private[page])
        yield* swap.pageout(task, page)
      }
      yield* swap.finishPlug(task)
      yield* process.hold(6_000_000)
      // second visit: they are clean, and leave memory
      for (let page = 0; page < 8; page++) {
        frames.flags[page] |= PG_locked
        frames.refCount[page] = 2
        swap.removeMapping(task, page)
      }
      // a fault on slot 5 brings the whole block back
      const page = yield* swap.swapinReadahead(task, 5)
      yield* swap.locks.waitUnlocked(task, page)
      console.log(`${sim.now / 1e6} ms: slot ${frames.private[page]} is in page ${page}`)
    })
  )
  sim.run()
  console.log(swap.swapsText().split("\n")[1])

  expect(printed).toEqual([
    "0 ms: write 8 pages at slot 1",
    "6 ms: read 7 pages at slot 1",
    "11 ms: slot 5 is in page 36",
    "/dev/nbd0                               partition\t8192\t32\t-1"
  ])
})
