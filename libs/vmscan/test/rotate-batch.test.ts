// The shortcut for a batch of pages that all stay leaves behind what the long way does: the same reclaim is done twice,
// once with the tracepoint on that needs every batch isolated.
import { LRU_INACTIVE_ANON, SWAP_CLUSTER_MAX } from "#src/constants.ts"
import {
  BURST_NS,
  GFP_KERNEL,
  GFP_NOIO,
  PG_dirty,
  PG_locked,
  PG_referenced,
  PG_swapcache,
  PG_writeback
} from "@swaplab/page-alloc"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { context, Toy, type ToyTask } from "./toy.ts"

interface Case {
  /** Flags of the pages from the head of the inactive list on. */
  readonly flags: ReadonlyArray<number>
  readonly mapped: ReadonlyArray<boolean>
  readonly young: ReadonlyArray<boolean>
  readonly gfp: number
  readonly marksReclaim: boolean
  readonly usedNs: number
}

/** What reclaim leaves behind. */
const reclaimed = ({ flags, gfp, mapped, marksReclaim, usedNs, young }: Case, isolates: boolean) => {
  const toy = new Toy({ vmscan: { switches: { writebackMarksReclaim: marksReclaim } } })
  const { frames } = toy.pages
  const { pgdat } = toy.vmscan
  let isolated = 0
  if (isolates) {
    toy.sim.trace.enableOnly(["mm_vmscan_lru_isolate"])
    toy.sim.trace.sink = () => {
      isolated++
    }
  }
  const ctx = context()
  const pfns = flags.map(() => toy.take())
  for (const pfn of pfns) toy.mapAnon(ctx, pfn, false)
  toy.vmscan.lru.drain(ctx)
  pfns.forEach((pfn, i) => {
    frames.flags[pfn] |= flags[i]
    // a page of the swap cache alone can be freed; any other is held by somebody outside, too
    const freeable = (flags[i] & (PG_swapcache | PG_writeback)) === PG_swapcache
    frames.refCount[pfn] = Number(mapped[i]) + Number((flags[i] & PG_swapcache) !== 0) + Number(!freeable)
    toy.mm.young[pfn] = Number(young[i])
    frames.rmap[pfn] = mapped[i] ? 0 : -1
  })
  // reclaim waits where it meets too many pages under writeback
  toy.zone.congested = toy.congestion.congested = true
  const pressure: Array<number> = []
  toy.mm.shrinkSlab = (_task?: unknown, _gfp?: unknown, scanned = 0) => {
    pressure.push(scanned)
    return 0
  }
  let used = -1
  toy.spawn("T", function*(task: ToyTask) {
    task.ns = usedNs
    yield* toy.vmscan.tryToFreePages(task, gfp, 0, toy.pages.zonelist(GFP_KERNEL))
    used = task.ns
  })
  toy.sim.run()
  const { lists, recentRotated, recentScanned } = toy.lruvec
  const list = lists[LRU_INACTIVE_ANON]
  list.checkInvariants(frames)
  const order: Array<number> = []
  for (let pfn = list.head; pfn >= 0; pfn = frames.next[pfn]) order.push(pfn)
  return {
    isolated,
    state: {
      order,
      pressure,
      used,
      now: toy.sim.now,
      flags: pfns.map((pfn) => frames.flags[pfn]),
      refs: pfns.map((pfn) => frames.refCount[pfn]),
      recent: [...recentScanned, ...recentRotated],
      scanned: toy.zone.pagesScanned,
      vmstat: Array.from(pgdat.vmstat.items)
    }
  }
}

const LONGEST = 3 * SWAP_CLUSTER_MAX
const perPage = <A>(arbitrary: fc.Arbitrary<A>, minLength = LONGEST) =>
  fc.array(arbitrary, { minLength, maxLength: LONGEST })
/** Mostly `usual`, so that whole batches are alike. */
const mostly = <A>(usual: fc.Arbitrary<A>, other: fc.Arbitrary<A>) =>
  fc.oneof({ weight: 60, arbitrary: usual }, { weight: 1, arbitrary: other })

/** Of these pages, the first three stay where the session may not start I/O. */
const KINDS = [
  PG_writeback,
  PG_writeback | PG_swapcache,
  0,
  PG_locked,
  PG_writeback | PG_locked,
  PG_swapcache,
  PG_swapcache | PG_dirty,
  PG_referenced
]

const cases: fc.Arbitrary<Case> = fc.record({
  flags: fc.constantFrom(...KINDS).chain((usual) => perPage(mostly(fc.constant(usual), fc.constantFrom(...KINDS)), 1)),
  mapped: perPage(fc.boolean()),
  young: perPage(mostly(fc.constant(false), fc.constant(true))),
  gfp: fc.constantFrom(GFP_KERNEL, GFP_NOIO),
  marksReclaim: fc.boolean(),
  usedNs: fc.constantFrom(0, BURST_NS - 5_000, BURST_NS - 1)
})

describe("a batch of pages that all stay", () => {
  it("is left as if each of its pages had been isolated, looked at and put back", () => {
    fc.assert(fc.property(cases, (one) => {
      const long = reclaimed(one, true)
      fc.pre(long.isolated > 0)
      expect(reclaimed(one, false).state).toEqual(long.state)
    }))
  })
})
