// @ts-check
// Mutants that make no difference, each with the reason.

/**
 * `line` is the source line without its indentation, `original` the part of it that changes. `nth` (0) tells apart equal
 * parts of equal lines.
 * @typedef {{ file: string, line: string, original: string, replacement: string, nth?: number, reason: string }} Equivalent
 */

/** @type {ReadonlyArray<Equivalent>} */
export const equivalents = [
  {
    file: "libs/page-alloc/src/buddy.ts",
    line: "if (current >= PAGEBLOCK_ORDER) {",
    original: "current >= PAGEBLOCK_ORDER",
    replacement: "current > PAGEBLOCK_ORDER",
    reason:
      "a free block of a whole pageblock has just been moved, all of its pages, and the pageblock has its new type"
  },
  {
    file: "libs/page-alloc/src/buddy.ts",
    line: "if (!this.grouping) return",
    original: "!this.grouping",
    replacement: "false",
    reason: "without grouping each pageblock is unmovable: none is found to set aside or to take back"
  },
  {
    file: "libs/page-alloc/src/memory.ts",
    line: "if (raised > this.minFreeKbytes) this.setMinFreeKbytes(raised)",
    original: "raised > this.minFreeKbytes",
    replacement: "true",
    reason: "the raised value is never below the current one, and to set the same value again changes nothing"
  },
  {
    file: "libs/slab/src/array-cache.ts",
    line: "for (let i = 0; i < n; i++) to.entry[to.avail + i] = from.entry[from.avail - n + i]",
    original: "i < n",
    replacement: "i <= n",
    reason: "the entry above those in use is written before it is read"
  },
  {
    file: "libs/slab/src/geometry.ts",
    line: "if (objects > 0 && align(managementSize(objects), alignment) + objects * size > bytes) objects--",
    original: "objects > 0",
    replacement: "objects >= 0",
    reason: "without an object the management alone has to fit, and a page has room for it"
  },
  {
    file: "libs/slab/src/geometry.ts",
    line: "if (offSlab && n > Math.floor((size - STRUCT_SLAB) / BUFCTL)) break",
    original: "n > Math.floor((size - STRUCT_SLAB) / BUFCTL)",
    replacement: "n >= Math.floor((size - STRUCT_SLAB) / BUFCTL)",
    reason:
      "computed for all sizes up to 300,000 bytes: at no order that the search reaches are there exactly so many objects"
  },
  {
    file: "libs/slab/src/slab-allocator.ts",
    line:
      "general[kmallocIndex(bytes, \"slab\")] ??= this.createCache(kmallocName(\"slab\", bytes), bytes, { hwAlign: true })",
    original: "true",
    replacement: "false",
    reason:
      "the sizes of general caches are multiples of a cache line, or half of one, to which small objects are aligned"
  },
  {
    file: "libs/slub/src/geometry.ts",
    line: "for (let want = Math.min(slubMinObjects(cpus), most); want > 1; want--) {",
    original: "want > 1",
    replacement: "want >= 1",
    reason:
      "if a larger order than the least one had little enough waste for one object, two would fit it with less, and were found before (computed for all sizes up to 70,000 bytes)"
  },
  {
    file: "libs/nbd/src/server/session.ts",
    line: "if (served === undefined) return",
    original: "served === undefined",
    replacement: "false",
    reason: "the negotiation finds exports in the map that is asked here"
  },
  {
    file: "libs/nbd/src/server/negotiation.ts",
    line: "const name = data.length > MAX_STRING ? null : utf8Text(data)",
    original: "data.length > MAX_STRING",
    replacement: "false",
    reason: "no export has a name that long, so it is not found either"
  },
  {
    file: "libs/nbd/src/wire/byte-queue.ts",
    line: "if (added === 0) return",
    original: "added === 0",
    replacement: "false",
    reason: "to append no bytes changes nothing"
  },
  {
    file: "libs/nbd/src/wire/bytes.ts",
    line: "if (to - from > 64) into.set(bytes.subarray(from, to), at)",
    original: "to - from > 64",
    replacement: "to - from <= 64",
    reason: "both ways copy the same bytes; one is faster for few, the other for many"
  },
  {
    file: "libs/tcp/src/recv.ts",
    line: "if (sk.owned) yield* sk.lockSlow(task.process)",
    original: "sk.owned",
    replacement: "true",
    reason: "lockSlow asks the same before it sleeps"
  },
  {
    file: "libs/tcp/src/retransmit.ts",
    line: "if (sk.retransStamp < 0) sk.retransStamp = skbs.when[skb]",
    original: "sk.retransStamp < 0",
    replacement: "sk.retransStamp <= 0",
    reason: "nothing is sent again at the instant 0"
  },
  {
    file: "libs/tcp/src/send.ts",
    line:
      "const merge = frags > 0 && page !== NO_FRAG_PAGE && skbs.fragPage[last] === page && sk.sndmsgOffset < PAGE_SIZE",
    original: "skbs.fragPage[last] === page",
    replacement: "true",
    reason: "only the tail gets fragments, always of the page that the socket keeps: its last one is of that page"
  },
  {
    file: "libs/tcp/src/timer.ts",
    line: "if (sk.error !== 0) return",
    original: "sk.error !== 0",
    replacement: "false",
    nth: 1,
    reason: "the error cancels the timer, and nothing arms it afterwards"
  },
  {
    file: "libs/vmscan/src/balance-pgdat.ts",
    line: "if (pgdat.switches.throttle && pgdat.pfmemallocWait.waiters > 0 && pfmemallocWatermarkOk(pgdat)) {",
    original: "pgdat.pfmemallocWait.waiters > 0",
    replacement: "true",
    reason: "the rule wakes kswapd only if it sleeps, and here kswapd is awake; to wake nobody costs nothing"
  },
  {
    file: "libs/vmscan/src/batch.ts",
    line: "readonly nr: Array<number> = [0, 0, 0, 0]",
    original: "[0, 0, 0, 0]",
    replacement: "[]",
    reason: "get_scan_count fills all four before anybody reads them"
  },
  {
    file: "libs/vmscan/src/rotate-batch.ts",
    line: "if (n === 0 || pgdat.trace.lruIsolate.enabled) return false",
    original: "n === 0",
    replacement: "false",
    reason: "of no pages none is the first, which ends the attempt two lines further down"
  },
  {
    file: "libs/vmscan/src/rotate-batch.ts",
    line: "if (n === 0 || pgdat.trace.lruIsolate.enabled) return false",
    original: "n === 0 || pgdat.trace.lruIsolate.enabled",
    replacement: "true",
    reason: "the long way leaves the same state, which a test compares; the shortcut only saves time"
  },
  {
    file: "libs/vmscan/src/rotate-batch.ts",
    line: "if (first === NO_PAGE) return false",
    original: "first === NO_PAGE",
    replacement: "true",
    reason: "the long way leaves the same state, which a test compares; the shortcut only saves time"
  },
  {
    file: "libs/vmscan/src/lru.ts",
    line: "if (this.#pvecCount[pvec] !== 0) this.#flush(ctx, pvec)",
    original: "this.#pvecCount[pvec] !== 0",
    replacement: "true",
    reason: "to flush an empty pagevec changes nothing"
  },
  {
    file: "libs/vmscan/src/shrink-page-list.ts",
    line: "afterPageout(pgdat, task, batch, lruvec.zone, pfn, result, false)",
    original: "false",
    replacement: "true",
    reason: "the lock was taken at this same instant: nobody waits for it who could be woken"
  },
  {
    file: "libs/tcp/src/recv.ts",
    line: "if (sk.owned) yield* sk.lockSlow(task.process)",
    original: "sk.owned",
    replacement: "true",
    nth: 1,
    reason: "lockSlow asks the same before it sleeps"
  },
  {
    file: "libs/tcp/src/recv.ts",
    line: "if (sk.owned) yield* sk.lockSlow(task.process)",
    original: "sk.owned",
    replacement: "true",
    nth: 2,
    reason: "lockSlow asks the same before it sleeps"
  },
  {
    file: "libs/tcp/src/send.ts",
    line: "if (sk.owned) yield* sk.lockSlow(task.process)",
    original: "sk.owned",
    replacement: "true",
    reason: "lockSlow asks the same before it sleeps"
  },
  {
    file: "libs/tcp/src/send.ts",
    line: "if (sk.owned) yield* sk.lockSlow(task.process)",
    original: "sk.owned",
    replacement: "true",
    nth: 1,
    reason: "lockSlow asks the same before it sleeps"
  },
  {
    file: "libs/tcp/src/ack.ts",
    line: "if (deadline >= sk.delackTimer.deadline) return",
    original: "deadline >= sk.delackTimer.deadline",
    replacement: "deadline > sk.delackTimer.deadline",
    reason: "to arm a timer for the time that it is armed for changes nothing"
  },
  {
    file: "libs/slub/src/slab-lists.ts",
    line: "} else if (this.#putCpuPartial(ctx, c, row, false) > c.geometry.cpuPartial >> 1) {",
    original: "false",
    replacement: "true",
    reason:
      "a slab of the node only comes here while the list counts at most half of cpu_partial, so that nothing is drained"
  },
  {
    file: "libs/slub/src/slab-lists.ts",
    line: "if (drain && first !== NO_SLAB && slabs.aux[first] > c.geometry.cpuPartial) {",
    original: "drain && first !== NO_SLAB",
    replacement: "drain || first !== NO_SLAB",
    reason:
      "a slab of the node only comes here while the list counts at most half of cpu_partial, so that nothing is drained"
  },
  {
    file: "libs/slub/src/slab-lists.ts",
    line: "if (drain && first !== NO_SLAB && slabs.aux[first] > c.geometry.cpuPartial) {",
    original: "drain && first !== NO_SLAB",
    replacement: "true",
    reason:
      "a slab of the node only comes here while the list counts at most half of cpu_partial, so that nothing is drained"
  },
  {
    file: "libs/slub/src/geometry.ts",
    line: "if (single <= SLUB_MAX_ORDER) return single",
    original: "single <= SLUB_MAX_ORDER",
    replacement: "false",
    reason: "the search up to the largest order finds the same smallest one"
  }
]
