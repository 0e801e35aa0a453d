// The memory nodes of the machine, as its SLAB sees them.
import type { PageSource } from "@swaplab/kmem"
import type { Context } from "@swaplab/page-alloc"

export class SlabTopology {
  readonly nodes: number
  /** CONFIG_NUMA; false on machines with one node unless their kernel was built for several. */
  readonly numa: boolean
  readonly #pages: PageSource
  readonly #nodeOfCpu: Uint8Array

  constructor(pages: PageSource, cpus: number) {
    this.#pages = pages
    this.numa = pages.numa !== null
    this.nodes = pages.numa?.nodes ?? 1
    this.#nodeOfCpu = pages.numa?.nodeOfCpu ?? new Uint8Array(cpus)
  }

  /** numa_mem_id() */
  nodeOf(ctx: Context): number {
    return this.#nodeOfCpu[ctx.cpu]
  }

  cpusOf(node: number): number {
    return this.#nodeOfCpu.reduce((cpus, of) => of === node ? cpus + 1 : cpus, 0)
  }

  /** page_to_nid() */
  nodeOfPage(pfn: number): number {
    return this.nodes === 1 ? 0 : this.#pages.zoneOf(pfn).node
  }
}
