// A toy machine for tests: a real page allocator, an object allocator that gives each object a page of its own (so that
// every object meets the watermarks), a wire that delivers nowhere.
import type { CacheOptions, KmemCache, MemallocSocks, ObjectAllocator } from "@swaplab/kmem"
import {
  CARDS,
  KernelMemory,
  NetStack,
  type NetStackOptions,
  type NetSwitches,
  Nic,
  type NicOptions,
  NO_SWITCHES,
  Packets,
  Softirq,
  tcpMem,
  type Wire
} from "@swaplab/net-skb"
import { type Context, PageAllocator, PF_MEMALLOC } from "@swaplab/page-alloc"
import { Sim, type Sleeps } from "@swaplab/sim"

/** Each object is a page. */
export class PageObjects implements ObjectAllocator {
  readonly failslab = null
  readonly reapIntervalNs = 0
  objects = 0
  readonly pages: PageAllocator
  readonly #caches: Array<KmemCache> = []

  constructor(pages: PageAllocator) {
    this.pages = pages
  }

  createCache(name: string, objectSize: number, _options?: CacheOptions): KmemCache {
    const cache = {
      name,
      objectSize,
      size: objectSize,
      order: 0,
      objsPerSlab: 1,
      aliases: [],
      index: this.#caches.length
    }
    this.#caches.push(cache)
    return cache
  }

  kmallocCache(bytes: number): KmemCache | null {
    const size = bytes <= 512 ? 512 : bytes <= 1024 ? 1024 : bytes <= 2048 ? 2048 : bytes <= 4096 ? 4096 : 8192
    return this.#caches.find((cache) => cache.name === `kmalloc-${size}`) ?? this.createCache(`kmalloc-${size}`, size)
  }

  tryAlloc(ctx: Context, _cache: KmemCache, gfp: number): number {
    const pfn = this.pages.tryAlloc(ctx, gfp, 0)
    if (pfn >= 0) this.objects++
    return pfn
  }

  *alloc(task: Parameters<PageAllocator["alloc"]>[0], _cache: KmemCache, gfp: number): Sleeps<number> {
    const pfn = yield* this.pages.alloc(task, gfp, 0)
    if (pfn >= 0) this.objects++
    return pfn
  }

  free(ctx: Context, _cache: KmemCache, object: number): void {
    this.objects--
    this.pages.free(ctx, object, 0)
  }

  onAllocationFailure = (): void => {}
  reap(): void {}
  setSwitches(): void {}
  objectAddress(_cache: KmemCache, object: number): number {
    return object * 4096
  }
  reserveLeaks(): null {
    return null
  }

  slabPages(): number {
    return this.objects
  }
  slabinfo(): ReadonlyArray<never> {
    return []
  }
  slabinfoText(): string {
    return ""
  }
  checkInvariants(): void {}
}

export interface ToyOptions {
  readonly switches?: Partial<NetSwitches>
  readonly nic?: NicOptions
  readonly wire?: Wire
  readonly sysctls?: NetStackOptions["sysctls"]
  readonly tcpMem?: readonly [number, number, number]
}

/** A machine of 64 MiB with one CPU. */
export class Toy {
  readonly sim = new Sim({ seed: 1, hz: 1000 })
  readonly pages: PageAllocator
  readonly objects: PageObjects
  readonly packets = new Packets(64)
  readonly memallocSocks: MemallocSocks = { count: 0 }
  readonly stack: NetStack
  readonly softirq: Softirq
  readonly nic: Nic
  readonly task: Context = { flags: 0, memdie: false, inInterrupt: false, servingSoftirq: false, cpu: 0, ns: 0 }
  ksoftirqdWoken = 0
  sentFrames: Array<number> = []
  #held: Array<number> = []

  constructor(options: ToyOptions = {}) {
    this.pages = new PageAllocator(this.sim, {
      memory: 64 * 2 ** 20,
      cpus: 1,
      switches: { pfmemallocMark: "no-watermarks", gfpMemalloc: true, softirqMemalloc: true }
    })
    this.objects = new PageObjects(this.pages)
    this.stack = new NetStack(this.sim, {
      host: 0,
      memory: new KernelMemory(this.objects, this.pages),
      packets: this.packets,
      switches: { ...NO_SWITCHES, ...options.switches },
      memallocSocks: this.memallocSocks,
      sysctls: options.sysctls ?? {},
      tcpMem: options.tcpMem ?? tcpMem(15_000)
    })
    this.softirq = new Softirq(this.sim, {
      stealCpu: () => {},
      wakeKsoftirqd: () => {
        this.ksoftirqdWoken++
      }
    })
    const wire: Wire = options.wire ?? {
      transmit: (frame) => {
        this.sentFrames.push(frame)
        return this.sim.now + 12_000
      }
    }
    this.nic = new Nic(this.stack, wire, this.softirq, options.nic ?? CARDS.e1000)
  }

  get ctx(): Context {
    return this.softirq.ctx
  }

  get free(): number {
    return this.pages.zones[0].free + this.pages.zones[1].free
  }

  /** Takes pages until only `left` can be had by anybody. */
  exhaust(left = 0): void {
    const greedy: Context = { ...this.task, flags: PF_MEMALLOC }
    for (;;) {
      const pfn = this.pages.tryAlloc(greedy, 0x20, 0)
      if (pfn < 0) break
      this.#held.push(pfn)
    }
    for (let i = 0; i < left; i++) this.pages.free(this.task, this.#held.pop() as number, 0)
  }

  /** Gives everything taken by `exhaust` back. */
  relent(): void {
    for (const pfn of this.#held) this.pages.free(this.task, pfn, 0)
    this.#held = []
  }

  /** A datagram of `len` bytes arrives. */
  arrive(port: number, len = 100, proto = 17): number {
    const frame = this.packets.datagram(1, 0, port, len, proto)
    this.nic.receive(frame)
    return frame
  }

  /** Lets `ns` pass. */
  pass(ns: number): void {
    this.sim.run(this.sim.now + ns)
  }
}
