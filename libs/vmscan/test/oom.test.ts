import { oomBadness, selectBadProcess } from "#src/oom.ts"
import { GFP_KERNEL } from "@swaplab/page-alloc"
import { type OomCandidate, type OomOps } from "@swaplab/vmscan"
import { describe, expect, it } from "vitest"
import { Toy, type ToyOptions } from "./toy.ts"

const candidate = (pid: number, rssPages: number, more: Partial<OomCandidate> = {}): OomCandidate => ({
  pid,
  name: `p${pid}`,
  mm: pid,
  rssPages,
  pageTablePages: 0,
  swapEntries: 0,
  oomScoreAdj: 0,
  root: false,
  exiting: false,
  memdie: false,
  children: [],
  ...more
})

describe("oom_badness", () => {
  it.each([
    { name: "rss + page tables + swap", more: { pageTablePages: 5, swapEntries: 50 }, points: 1055 },
    { name: "root gets 3 % off", more: { root: true }, points: 1000 - 30 * 20 },
    { name: "never 0 for an eligible process", more: { root: true, oomScoreAdj: -900 }, points: 1 },
    { name: "adj", more: { oomScoreAdj: 100 }, points: 1000 + 100 * 20 },
    { name: "−1000 exempts", more: { oomScoreAdj: -1000 }, points: 0 }
  ])("$name", ({ more, points }) => expect(oomBadness(candidate(1, 1000, more), 20_999)).toBe(points))
})

describe("select_bad_process", () => {
  const select = (candidates: ReadonlyArray<OomCandidate>) => {
    const selected = selectBadProcess(candidates, 7, 100_000)
    return typeof selected === "string" ? selected : selected.victim.pid
  }

  it("takes the worst, the first of equals", () => {
    expect(select([candidate(1, 10), candidate(2, 30), candidate(3, 30)])).toBe(2)
  })
  it("waits for one that is dying already", () => {
    expect(select([candidate(1, 10), candidate(2, 1, { memdie: true })])).toBe("wait")
    expect(select([candidate(1, 10), candidate(2, 1, { exiting: true })])).toBe("wait")
  })
  it("takes the caller if it is exiting", () => {
    expect(select([candidate(1, 10), candidate(7, 1, { exiting: true }), candidate(3, 99)])).toBe(7)
  })
  it("finds nobody among exempt processes", () => {
    expect(select([candidate(1, 10, { oomScoreAdj: -1000 })])).toBe("nobody")
  })
})

/** A process table with one entry, whose death gives all anonymous memory back. */
const withVictim = (options: ToyOptions) => {
  const killed: Array<string> = []
  const panics: Array<string> = []
  let toy: Toy
  const oom: OomOps = {
    candidates: () => killed.length === 0 ? [candidate(1, 1000)] : [],
    pidOf: () => 99,
    totalPages: () => 10_000,
    giveMemdie: () => {},
    kill: (victim) => {
      killed.push(victim.name)
      const { frames } = toy.pages
      for (const zone of toy.pages.populatedZones) {
        for (let pfn = zone.start; pfn < zone.end; pfn++) {
          if (frames.rmap[pfn] < 0) continue
          frames.rmap[pfn] = -1
          toy.vmscan.lru.putPage({ ...toy.spawn("exit", function*() {}) }, pfn)
        }
      }
    },
    panic: (message) => panics.push(message)
  }
  toy = new Toy({ ...options, vmscan: { oom } })
  return { toy, killed, panics }
}

const startFaults = (toy: Toy) => {
  const seen = { faults: 0 }
  toy.spawn("hog", function*(task) {
    for (;;) {
      yield* toy.fault(task)
      seen.faults++
      yield* task.condResched()
    }
  })
  return seen
}

describe("out of memory", () => {
  it("kills when kswapd has given up: no swap left", () => {
    const { toy, killed } = withVictim({ swapSlots: 0 })
    toy.spawnKswapd()
    const seen = startFaults(toy)
    toy.at(3_000_000_000, () => toy.sim.stop())
    while (killed.length === 0 && toy.sim.now < 3_000_000_000) toy.sim.run(toy.sim.now + 1_000_000)
    expect(killed).toEqual(["p1"])
    expect(toy.zone.allUnreclaimable).toBe(false)
    const before = seen.faults
    toy.sim.run(toy.sim.now + 100_000_000)
    expect(seen.faults).toBeGreaterThan(before)
  })

  it("never kills while kswapd is blocked in the block layer", () => {
    const { toy, killed } = withVictim({ requests: 0, swapSlots: 5000 })
    const kswapd = toy.spawnKswapd()
    const seen = startFaults(toy)
    toy.sim.run(2_000_000_000)
    const before = seen.faults
    toy.sim.run(60_000_000_000)
    expect(kswapd.process.waitingOn?.name).toBe("toy request slot")
    expect(seen.faults).toBe(before)
    expect(toy.zone.allUnreclaimable).toBe(false)
    expect(killed).toEqual([])
  })

  it("panics when there is nobody to kill", () => {
    const { toy, killed, panics } = withVictim({ swapSlots: 0 })
    killed.push("nobody left")
    const task = toy.spawn("T", (t) => toy.vmscan.outOfMemory(t, 0, 0, toy.pages.zonelist(GFP_KERNEL)))
    toy.sim.run(1_000_000_000)
    expect(panics.length).toBe(1)
    expect(task.process.waitingOn?.name).toBe("panic")
  })

  it("gives a dying caller the reserve instead of killing", () => {
    const { toy, killed } = withVictim({})
    const task = toy.spawn("T", (t) => toy.vmscan.outOfMemory(t, 0, 0, toy.pages.zonelist(GFP_KERNEL)))
    task.process.killed = true
    toy.sim.run(0)
    expect([task.memdie, killed.length]).toEqual([true, 0])
  })

  it("sacrifices the worst child with its own memory, and pauses for a tick", () => {
    const killed: Array<string> = []
    const parent = candidate(1, 500, {
      children: [candidate(2, 40), candidate(3, 60), candidate(4, 900, { mm: 1 })]
    })
    const toy = new Toy({
      vmscan: {
        oom: {
          candidates: () => [parent],
          pidOf: () => 99,
          totalPages: () => 10_000,
          giveMemdie: () => {},
          kill: (victim, points) => killed.push(`${victim.name} ${points}`),
          panic: () => {}
        }
      }
    })
    const task = toy.spawn("T", (t) => toy.vmscan.pagefaultOutOfMemory(t))
    toy.sim.run(0)
    expect(killed).toEqual(["p3 50"])
    expect(toy.zone.oomLocked).toBe(true)
    // a second fault meanwhile does not kill
    const second = toy.spawn("T2", (t) => toy.vmscan.pagefaultOutOfMemory(t))
    toy.sim.run(5_000_000)
    expect(second.process.finished).toBe(true)
    toy.sim.run(20_000_000)
    expect(task.process.finished).toBe(true)
    expect(toy.zone.oomLocked).toBe(false)
    expect(toy.vmscan.oom.kills).toBe(1)
  })
})

describe("out_of_memory tells whether it has killed", () => {
  it.each([
    { name: "a victim", candidates: [candidate(1, 10)], killed: true, kills: 1, memdie: 0 },
    {
      name: "one that is dying already",
      candidates: [candidate(1, 10, { memdie: true })],
      killed: false,
      kills: 0,
      memdie: 0
    },
    {
      name: "the caller on its way out",
      candidates: [candidate(99, 10, { exiting: true })],
      killed: true,
      kills: 0,
      memdie: 1
    }
  ])("$name: $killed", ({ candidates, killed, kills, memdie }) => {
    let given = 0
    const toy = new Toy({
      vmscan: {
        oom: {
          candidates: () => candidates,
          pidOf: () => 99,
          totalPages: () => 10_000,
          giveMemdie: () => void given++,
          kill: () => {},
          panic: () => {}
        }
      }
    })
    let result: boolean | null = null
    toy.spawn("caller", function*(task) {
      result = yield* toy.vmscan.outOfMemory(task, 0, 0, toy.pages.zonelist(GFP_KERNEL))
    })
    toy.sim.run(1_000_000_000)
    expect([result, toy.vmscan.oom.kills, given]).toEqual([killed, kills, memdie])
  })

  it("a caller that was killed itself gets the reserve and kills nobody", () => {
    const toy = new Toy({ vmscan: {} })
    const results: Array<unknown> = []
    const task = toy.spawn("caller", function*(task) {
      task.process.killed = true
      results.push(yield* toy.vmscan.outOfMemory(task, 0, 0, toy.pages.zonelist(GFP_KERNEL)))
    })
    toy.sim.run(1_000_000_000)
    expect([results, task.memdie]).toEqual([[false], true])
  })
})
