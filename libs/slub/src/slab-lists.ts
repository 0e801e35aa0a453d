/**
 * Movement of slabs between a CPU, its partial list, the node's partial list and nowhere.
 *
 * A frozen slab belongs to a CPU: nobody else allocates from it, and freeing into it changes no list. `inuse` of the CPU's
 * current slab counts the objects on the private freelist as taken. The count of free objects on a CPU's partial list is kept in
 * `aux` of its first slab and is only brought up to date when a slab is added, like Linux's page->pobjects.
 * source: mm/slub.c:__slab_alloc, get_freelist, get_partial_node, put_cpu_partial, unfreeze_partials, deactivate_slab,
 * __slab_free
 */
import { CHAIN_END, NO_SLAB, ON_NO_LIST } from "@swaplab/kmem"
import type { Context } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import type { ReserveRules } from "./revision.ts"
import { NODE_PARTIAL, type SlubCache } from "./slub-cache.ts"
import type { SlubPages } from "./slub-pages.ts"

export class SlabLists {
  readonly #pages: SlubPages
  #rules: ReserveRules
  readonly #unfreezeKeepsMinPartial: boolean

  /** `unfreezeKeepsMinPartial`: see SlubOptions. */
  constructor(pages: SlubPages, rules: ReserveRules, unfreezeKeepsMinPartial: boolean) {
    this.#pages = pages
    this.#unfreezeKeepsMinPartial = unfreezeKeepsMinPartial
    this.#rules = rules
  }

  set rules(rules: ReserveRules) {
    this.#rules = rules
  }

  /**
   * Finds objects for the CPU without asking for new pages: its current slab, its partial list, the node's partial list.
   * True: the private freelist is not empty.
   */
  loadCpuSlab(ctx: Context, c: SlubCache, gfp: number): boolean {
    const cpu = ctx.cpu
    const slabs = c.slabs
    for (;;) {
      let row = c.cpuSlab[cpu]
      if (row === NO_SLAB) {
        row = c.cpuPartial[cpu]
        if (row === NO_SLAB) return this.#getPartialNode(ctx, c, gfp)
        c.cpuPartial[cpu] = slabs.next[row]
        c.cpuSlab[cpu] = row
        c.cpuFreelist[cpu] = CHAIN_END
      }
      if (this.#rules.marksSlabs && !this.#pages.allowed(ctx, c, row, gfp)) {
        c.reserveDeactivations++
        this.deactivateCpuSlab(ctx, c, cpu)
        continue
      }
      if (c.cpuFreelist[cpu] !== CHAIN_END) return true
      // objects that other CPUs freed into the slab meanwhile
      const freelist = slabs.freelist[row]
      if (freelist === CHAIN_END) {
        slabs.frozen[row] = 0
        c.cpuSlab[cpu] = NO_SLAB
        continue
      }
      this.#takeAll(c, cpu, row)
      return true
    }
  }

  /** A slab just created becomes the CPU's: frozen, all its objects on the private freelist. */
  install(c: SlubCache, cpu: number, row: number): void {
    assert(c.cpuSlab[cpu] === NO_SLAB, "slub: the CPU has a slab already")
    c.slabs.frozen[row] = 1
    c.cpuSlab[cpu] = row
    this.#takeAll(c, cpu, row)
  }

  /** deactivate_slab: the private freelist goes back into the CPU's slab, and the slab to where it belongs. */
  deactivateCpuSlab(ctx: Context, c: SlubCache, cpu: number): void {
    const slabs = c.slabs
    const row = c.cpuSlab[cpu]
    const remoteFrees = slabs.freelist[row] !== CHAIN_END
    const base = row * slabs.stride
    for (let index = c.cpuFreelist[cpu]; index !== CHAIN_END;) {
      const next = slabs.chain[base + index]
      slabs.put(row, index)
      index = next
    }
    c.cpuFreelist[cpu] = CHAIN_END
    c.cpuSlab[cpu] = NO_SLAB
    slabs.frozen[row] = 0
    if (slabs.inuse[row] === 0 && slabs.count[NODE_PARTIAL] > c.geometry.minPartial) this.#pages.discard(ctx, c, row)
    else if (slabs.freelist[row] === CHAIN_END) assert(slabs.list[row] === ON_NO_LIST, "slub: full slab on a list")
    else if (remoteFrees) slabs.addTail(NODE_PARTIAL, row)
    else slabs.addHead(NODE_PARTIAL, row)
  }

  /** __slab_free: an object goes back to a slab that is not this CPU's current one. */
  freeToSlab(ctx: Context, c: SlubCache, row: number, index: number): void {
    const slabs = c.slabs
    const wasFull = slabs.freelist[row] === CHAIN_END
    slabs.put(row, index)
    if (slabs.frozen[row] !== 0) return
    if (wasFull) {
      slabs.frozen[row] = 1
      this.#putCpuPartial(ctx, c, row, true)
      return
    }
    if (slabs.inuse[row] === 0 && slabs.count[NODE_PARTIAL] > c.geometry.minPartial) {
      slabs.unlink(row)
      this.#pages.discard(ctx, c, row)
    }
  }

  /**
   * Moves the whole CPU partial list to the node; empty slabs beyond min_partial go back to the page allocator. Up to v3.5
   * the node is looked up at the first slab with objects, and empty ones before it go back whatever the node holds.
   */
  unfreezePartials(ctx: Context, c: SlubCache, cpu: number): void {
    const slabs = c.slabs
    let nodeKnown = this.#unfreezeKeepsMinPartial
    let row = c.cpuPartial[cpu]
    c.cpuPartial[cpu] = NO_SLAB
    while (row !== NO_SLAB) {
      const next = slabs.next[row]
      slabs.frozen[row] = 0
      if (slabs.inuse[row] === 0 && (!nodeKnown || slabs.count[NODE_PARTIAL] > c.geometry.minPartial)) {
        this.#pages.discard(ctx, c, row)
      } else {
        nodeKnown = true
        slabs.addTail(NODE_PARTIAL, row)
      }
      row = next
    }
  }

  /** The first usable slab of the node becomes the CPU's; more are frozen onto the CPU partial list. */
  #getPartialNode(ctx: Context, c: SlubCache, gfp: number): boolean {
    const slabs = c.slabs
    const cpu = ctx.cpu
    let row = slabs.head[NODE_PARTIAL]
    while (row !== NO_SLAB) {
      const next = slabs.next[row]
      if (this.#rules.nodePartialTest && !this.#pages.allowed(ctx, c, row, gfp)) {
        c.reserveSkips++
        row = next
        continue
      }
      slabs.unlink(row)
      slabs.frozen[row] = 1
      if (c.cpuSlab[cpu] === NO_SLAB) {
        c.cpuSlab[cpu] = row
        this.#takeAll(c, cpu, row)
        // all its objects were just taken, so it never counts as stock: one more slab is looked at
      } else if (this.#putCpuPartial(ctx, c, row, false) > c.geometry.cpuPartial >> 1) {
        break
      }
      row = next
    }
    return c.cpuSlab[cpu] !== NO_SLAB
  }

  /** Pushes a frozen slab on the CPU's partial list. Returns the objects now counted there. */
  #putCpuPartial(ctx: Context, c: SlubCache, row: number, drain: boolean): number {
    const slabs = c.slabs
    const cpu = ctx.cpu
    let first = c.cpuPartial[cpu]
    if (drain && first !== NO_SLAB && slabs.aux[first] > c.geometry.cpuPartial) {
      this.unfreezePartials(ctx, c, cpu)
      first = NO_SLAB
    }
    const objects = (first === NO_SLAB ? 0 : slabs.aux[first]) + slabs.objects[row] - slabs.inuse[row]
    slabs.aux[row] = objects
    slabs.next[row] = first
    c.cpuPartial[cpu] = row
    return objects
  }

  /** All free objects of the slab move to the CPU's private freelist. */
  #takeAll(c: SlubCache, cpu: number, row: number): void {
    const slabs = c.slabs
    c.cpuFreelist[cpu] = slabs.freelist[row]
    slabs.freelist[row] = CHAIN_END
    slabs.inuse[row] = slabs.objects[row]
  }
}
