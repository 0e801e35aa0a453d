// What the tests of single patches share: a booted client with its connection, memory brought to an exact number of pages,
// and sockets that look at what they get. Each test runs the same steps on a kernel with its patch and on one without.
import { buildCluster, type Client, type Cluster, kernelNamed, type ScenarioEncoded } from "@swaplab/cluster"
import { type KmemCache, type ObjectAllocator } from "@swaplab/kmem"
import { NO_SKB, Socket } from "@swaplab/net-skb"
import {
  __GFP_NOWARN,
  bootContext,
  type Context,
  GFP_ATOMIC,
  NO_PAGE,
  PF_MEMALLOC,
  PG_active
} from "@swaplab/page-alloc"
import { SlabAllocator } from "@swaplab/slab"
import { SlubAllocator, type SlubCache } from "@swaplab/slub"
import { scenario } from "../clusters.ts"

export type Allocator = "slab" | "slub"
export const ALLOCATORS: ReadonlyArray<Allocator> = ["slab", "slub"]

/** When the client is connected and nothing else has happened. */
const CONNECTED_NS = 5_000_000

export interface Booted {
  readonly cluster: Cluster
  readonly client: Client
  readonly machine: Client["machine"]
}

/** A client of 32 MiB with one CPU and no page cache, booted with this kernel and connected. Nothing runs on it. */
export const boot = (
  allocator: Allocator,
  kernel: string,
  nic: NonNullable<ScenarioEncoded["clients"][number]["nic"]> = {}
): Booted => {
  const of = scenario([{
    name: "client",
    ram: "32 MiB",
    cpus: 1,
    swap: "160 MiB",
    pageCache: "0 %",
    nic,
    workload: { usemem: { processesPerCpu: 1 } }
  }], { kernels: { k: { allocator, base: kernel } } })
  const cluster = buildCluster(of, "k", 1)
  cluster.sim.run(CONNECTED_NS)
  const [client] = cluster.clients
  return { cluster, client, machine: client.machine }
}

/** A kernel that has the patch, and the same without it. */
export const pair = (kernel: string, patch: string): readonly [withPatch: string, without: string] => {
  const named = kernelNamed(`${kernel} - ${patch}`)
  if ("expected" in named) throw new Error(named.expected)
  return [kernel, `${kernel} - ${patch}`]
}

/** Softirq and task contexts of CPU 0. */
export const softirq = (flags = 0): Context => ({ ...bootContext(), flags, inInterrupt: true, servingSoftirq: true })
export const task = (flags = 0): Context => ({ ...bootContext(), flags })
export const memallocTask = (): Context => task(PF_MEMALLOC)

/** Takes every page, then gives back so many of the highest zone: all of them are on the buddy lists. */
export const leave = ({ machine }: Booted, free: number): ReadonlyArray<number> => {
  const { pages } = machine
  const greedy = memallocTask()
  const held: Array<number> = []
  pages.drainAllPages()
  for (;;) {
    const pfn = pages.tryAlloc(greedy, GFP_ATOMIC | __GFP_NOWARN, 0)
    if (pfn === NO_PAGE) break
    held.push(pfn)
  }
  const zone = pages.populatedZones[pages.populatedZones.length - 1]
  for (let i = 0, left = free; left > 0; i++) {
    if (pages.zoneOf(held[i]) !== zone) continue
    pages.free(greedy, held[i], 0)
    left--
  }
  pages.drainAllPages()
  if (zone.free !== free) throw new Error(`${zone.free} pages are free, not ${free}`)
  return held
}

/** Free pages of all zones. */
export const freePages = ({ machine }: Booted): number =>
  machine.pages.populatedZones.reduce((sum, zone) => sum + zone.free, 0)

/** A cache of 224-byte objects of its own: it has a constructor, so SLUB merges it with no other. */
export const freshCache = ({ machine }: Booted): KmemCache =>
  machine.objects.createCache("patch-test", 224, { hwAlign: true, ctor: true })

/** First page frame of the slab of an object, of whichever cache. */
const pageOf = (objects: ObjectAllocator, object: number): number => {
  if (!(objects instanceof SlabAllocator || objects instanceof SlubAllocator)) throw new Error("neither SLAB nor SLUB")
  return objects.caches[0].slabs.pageOf(object)
}

/** The slab of the object came from the reserve. */
export const reserved = ({ machine }: Booted, object: number): boolean =>
  (machine.pages.frames.flags[pageOf(machine.objects, object)] & PG_active) !== 0

/** The machine's SLUB and one of its caches, for their counters. */
export const slubOf = ({ machine }: Booted, cache: KmemCache): { slub: SlubAllocator; cache: SlubCache } => {
  if (!(machine.objects instanceof SlubAllocator)) throw new Error("not SLUB")
  return { slub: machine.objects, cache: cache as SlubCache }
}

export const slabOf = ({ machine }: Booted): SlabAllocator => {
  if (!(machine.objects instanceof SlabAllocator)) throw new Error("not SLAB")
  return machine.objects
}

/** Takes heads and data areas for packets until there are none for an ordinary atomic request. */
export const exhaustSkbs = ({ machine }: Booted, size: number): number => {
  let taken = 0
  while (machine.net.skbs.tryAllocSkb(softirq(), size, GFP_ATOMIC | __GFP_NOWARN, 0) !== NO_SKB) taken++
  return taken
}

/** A socket that writes down what reaches it, and asks for a plain atomic page in passing. */
export class Probe extends Socket {
  got = 0
  marked = 0
  /** Packets during whose reception the context had PF_MEMALLOC. */
  lent = 0
  /** Packets during whose reception there was a page for GFP_ATOMIC. */
  pages = 0
  readonly #machine: Booted["machine"]
  readonly #keep: boolean

  /** `keep`: never frees a packet and filters none, so that the card needs fresh buffers. */
  constructor({ machine }: Booted, keep = false) {
    super(machine.net, machine.net.udpMemory, 1e9, 1e9)
    this.#machine = machine
    this.#keep = keep
  }

  override rcv(ctx: Context, skb: number): void {
    const { skbs } = this.stack
    if (!this.#keep && !this.filter(skb)) {
      skbs.kfree(ctx, skb)
      return
    }
    this.got++
    if (skbs.pfmemalloc[skb] !== 0) this.marked++
    if ((ctx.flags & PF_MEMALLOC) !== 0) this.lent++
    if (this.#keep) return
    const { pages } = this.#machine
    const pfn = pages.tryAlloc(ctx, GFP_ATOMIC | __GFP_NOWARN, 0)
    if (pfn !== NO_PAGE) {
      this.pages++
      pages.free(ctx, pfn, 0)
    }
    skbs.kfree(ctx, skb)
  }
}

/** A packet arrives, and is looked at. */
export const arrive = ({ cluster, client, machine }: Booted, port: number, proto?: number): void => {
  machine.nic.receive(cluster.packets.datagram(0, machine.net.host, port, 500, proto))
  // long enough for the interrupt, far too short for anybody's timer
  cluster.sim.run(cluster.sim.now + 200_000)
  client.machine.nic.checkInvariants()
}

/**
 * Packets arrive for somebody who keeps them, until the card's buffers come from the reserve or there are none. Returns how
 * many were kept.
 */
export const wearOut = (rig: Booted): number => {
  const hoard = new Probe(rig, true)
  for (
    let i = 0;
    i < 2000 && hoard.marked === 0 && rig.machine.nic.rxMissed + rig.machine.nic.rxDroppedTotal === 0;
    i++
  ) {
    arrive(rig, hoard.port)
  }
  return hoard.got
}
