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

/** remote_node_defrag_ratio at boot: of 1024 searches 23 do not look at other nodes. */
const REMOTE_NODE_DEFRAG_RATIO = 1000

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
        if (row === NO_SLAB) return this.#getPartial(ctx, c, gfp)
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
    const node = this.#pages.nodeOf(c, row)
    if (slabs.inuse[row] === 0 && slabs.count[node] > c.geometry.minPartial) this.#pages.discard(ctx, c, row)
    else if (slabs.freelist[row] === CHAIN_END) assert(slabs.list[row] === ON_NO_LIST, "slub: full slab on a list")
    else if (remoteFrees) slabs.addTail(node, row)
    else slabs.addHead(node, row)
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
    if (slabs.inuse[row] === 0 && slabs.count[this.#pages.nodeOf(c, row)] > c.geometry.minPartial) {
      slabs.unlink(row)
      this.#pages.discard(ctx, c, row)
    }
  }

  /**
   * Moves the whole CPU partial list to the nodes; empty slabs beyond min_partial go back to the page allocator. Up to v3.5
   * the node is looked up at a slab with objects only: empty ones before the first go back whatever their node holds, and those
   * after it by what its node holds.
   */
  unfreezePartials(ctx: Context, c: SlubCache, cpu: number): void {
    const slabs = c.slabs
    const ownNode = this.#unfreezeKeepsMinPartial
    let known = -1
    let row = c.cpuPartial[cpu]
    c.cpuPartial[cpu] = NO_SLAB
    while (row !== NO_SLAB) {
      const next = slabs.next[row]
      slabs.frozen[row] = 0
      const node = this.#pages.nodeOf(c, row)
      if (ownNode) known = node
      if (slabs.inuse[row] === 0 && (known < 0 || slabs.count[known] > c.geometry.minPartial)) {
        this.#pages.discard(ctx, c, row)
      } else {
        known = node
        slabs.addTail(node, row)
      }
      row = next
    }
  }

  /** get_partial(), of a caller that asks for no node: from the local one, else from one that has more than it needs. */
  #getPartial(ctx: Context, c: SlubCache, gfp: number): boolean {
    const numa = this.#pages.numa
    if (numa === null) return this.#getPartialNode(ctx, c, gfp, NODE_PARTIAL)
    if (this.#getPartialNode(ctx, c, gfp, numa.nodeOf(ctx))) return true
    if (this.#pages.cycles(ctx) % 1024 > REMOTE_NODE_DEFRAG_RATIO) return false
    const zones = numa.list(numa.slabNode(ctx), gfp)
    for (let i = 0; i < zones.length; i++) {
      const { node } = zones[i]
      if (!numa.cpusetAllows(ctx, zones[i]) || c.slabs.count[node] <= c.geometry.minPartial) continue
      if (!this.#getPartialNode(ctx, c, gfp, node)) continue
      c.remotePartials++
      return true
    }
    return false
  }

  /** The first usable slab of the node becomes the CPU's; more are frozen onto the CPU partial list. */
  #getPartialNode(ctx: Context, c: SlubCache, gfp: number, node: number): boolean {
    const slabs = c.slabs
    const cpu = ctx.cpu
    let row = slabs.head[node]
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
