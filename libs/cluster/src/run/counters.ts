// Every counter of the structures of a run that no other part of its result has: what the slow paths of page allocator, block
// layer, driver, swap, cards, TCP's memory, cables and servers were, and how often. A soak test asks which of them were ever
// taken. The tables are typed by what they count, so that a counter that is added to a structure has to be added here.
// Of a client that has booted again they are those since its last boot.
import type { Machine, NbdLink } from "@swaplab/kernel"
import type { Link, Switch } from "@swaplab/lan"
import type { Nic, Softirq } from "@swaplab/net-skb"
import type { ServerMachine } from "@swaplab/server-model"
import type { Cluster } from "./topology.ts"

type AllocCounters = Machine["pages"]["counters"]
type BlkCounters = Machine["disk"]["counters"]
type PoolCounters = Machine["disk"]["requestPool"]["counters"]
type NbdCounters = NonNullable<Machine["nbd"]>["counters"]
type SwapCounters = Machine["swap"]["counters"]
type CryptCounters = NonNullable<Machine["swapSetup"]["crypt"]>["counters"]
type ZramStats = Machine["swapSetup"]["zrams"][number]["stats"]
type ZswapStats = NonNullable<Machine["swapSetup"]["zswap"]>["stats"]
type Impairments = Link["impairments"]
type RootReader = NonNullable<Machine["root"]>["reader"]
type ProcessTable = NonNullable<Machine["processTable"]>
type FileCache = NonNullable<Machine["files"]>
type Skbs = Machine["net"]["skbs"]
type Services = Machine["net"]["services"]
type Gro = Nic["rx"]["gro"]
type ServerStats = Pick<
  ServerMachine["server"]["stats"],
  "arrivals" | "departures" | "reads" | "writes" | "errors" | "noSpace" | "rateWaits"
>
type Damage =
  | "faultLostFrames"
  | "burstLostFrames"
  | "lateFrames"
  | "reorderedFrames"
  | "duplicatedFrames"
  | "bursts"
type ServerCache = NonNullable<ServerMachine["cache"]>

/** What of a structure is counted. False: it is no count, such as a time, a level or the most that there ever was. */
type Counted<A> = { readonly [name in keyof A]-?: boolean }

/** Some structures of one kind, and which of their figures are counters. */
interface Source {
  readonly names: ReadonlyArray<string>
  readonly of: (cluster: Cluster) => ReadonlyArray<object>
}

/** Only what is there. */
type Maybe<A> = A | null | undefined

const source = <A extends object>(
  of: (cluster: Cluster) => ReadonlyArray<Maybe<A>>,
  counted: Counted<A>
): Source => ({
  names: Object.entries(counted).filter(([, counts]) => counts === true).map(([name]) => name),
  of: (cluster) => of(cluster).filter((found) => found !== null && found !== undefined)
})

const ofMachines = <A>(of: (machine: Machine) => ReadonlyArray<A>) => ({ applications, clients }: Cluster) => [
  ...clients.flatMap(({ machine }) => of(machine)),
  ...(applications === null ? [] : of(applications.machine))
]

const ofServers = <A>(of: (machine: ServerMachine) => A) => ({ servers }: Cluster): ReadonlyArray<A> =>
  servers.map(({ machine }) => of(machine))

const ofNics = <A>(of: (nic: Nic) => A) => ({ stations }: Cluster): ReadonlyArray<A> =>
  stations.flatMap(({ nics }) => nics.map(of))

const BLK: Counted<BlkCounters> = {
  bios: true,
  requests: true,
  plugMerges: true,
  queueMerges: true,
  backMerges: true,
  frontMerges: true,
  requestMerges: true,
  plugFlushes: true,
  completed: true,
  errors: true,
  slotWaits: true,
  slotWaitNs: false,
  mostRequests: false
}

const POOL: Counted<PoolCounters> = { allocated: true, fromStock: true, freed: true, waits: true, waitNs: false }

const queuesOf = ({ disk, rootNbd }: Machine): ReadonlyArray<Machine["disk"]> =>
  rootNbd === null ? [disk] : [disk, rootNbd.device.queue]

/** Every counter, by what counts. */
const SOURCES: Readonly<Record<string, Source>> = {
  "page-alloc": source<AllocCounters>(ofMachines(({ pages }) => [pages.counters]), {
    slowpath: true,
    reservePages: true,
    directReclaim: true,
    noProgress: true,
    retries: true,
    drains: true,
    outOfMemory: true,
    failures: true,
    quietFailures: true,
    messages: true,
    messagesSuppressed: true
  }),
  blk: source<BlkCounters>(ofMachines((machine) => queuesOf(machine).map(({ counters }) => counters)), BLK),
  "request pool": source(ofMachines((of) => queuesOf(of).map(({ requestPool }) => requestPool.counters)), POOL),
  "bio pool": source(ofMachines((of) => queuesOf(of).map(({ bios }) => bios.pool.counters)), POOL),
  "crypt pool": source(
    ofMachines(({ swapSetup: { crypt } }) =>
      crypt === null ? [] : [crypt.ioPool, crypt.pagePool, crypt.reqPool].map(({ counters }) => counters)
    ),
    POOL
  ),
  nbd: source<NbdCounters>(ofMachines(({ nbd, rootNbd }) => [nbd?.counters, rootNbd?.device.counters]), {
    sentReads: true,
    sentWrites: true,
    sentPages: true,
    receivedPages: true,
    lostPages: true,
    completed: true,
    failed: true,
    refused: true,
    hungXmits: true,
    disconnects: true
  }),
  "nbd-client": source<Pick<NbdLink, "disconnects" | "reconnects" | "refused" | "timedOut" | "failed">>(
    ofMachines(({ nbdLink, rootNbd }) => [nbdLink, rootNbd?.link]),
    { disconnects: true, reconnects: true, refused: true, timedOut: true, failed: true }
  ),
  swap: source<SwapCounters>(ofMachines(({ swap }) => [swap.counters]), {
    writesSubmitted: true,
    writesEnded: true,
    readsSubmitted: true,
    readsEnded: true,
    writeErrors: true,
    readErrors: true,
    writesDropped: true,
    noSlot: true,
    noNodes: true,
    readaheads: true,
    readaheadHoles: true,
    readaheadNoPage: true
  }),
  crypt: source<CryptCounters>(ofMachines(({ swapSetup: { crypt } }) => [crypt?.counters]), {
    encrypted: true,
    decrypted: true,
    deferredReads: true,
    cpuNs: false,
    mostQueued: false
  }),
  zram: source<ZramStats>(ofMachines(({ swapSetup: { zrams } }) => zrams.map(({ stats }) => stats)), {
    pagesStored: false,
    pagesZero: true,
    pagesExpand: true,
    goodCompress: true,
    comprSize: false,
    mostBlocks: false,
    mostPages: false,
    numReads: true,
    numWrites: true,
    failedWrites: true,
    notifyFree: true,
    stores: true,
    storedBytes: false,
    cpuNs: false
  }),
  zswap: source<ZswapStats>(ofMachines(({ swapSetup: { zswap } }) => [zswap?.stats]), {
    poolLimitHit: true,
    rejectReclaimFail: true,
    rejectKmemcacheFail: true,
    rejectCompressPoor: true,
    rejectAllocFail: true,
    writtenBackPages: true,
    duplicateEntry: true,
    storedPages: false,
    comprSize: false,
    mostStoredPages: false,
    mostPoolPages: false,
    stores: true,
    loads: true,
    storedBytes: false,
    cpuNs: false
  }),
  root: source<Pick<RootReader, "windows" | "readaheadPages" | "readaheadInVain">>(
    ofMachines(({ root }) => [root?.reader]),
    { windows: true, readaheadPages: true, readaheadInVain: true }
  ),
  processes: source<Pick<ProcessTable, "failedForks">>(ofMachines(({ processTable }) => [processTable]), {
    failedForks: true
  }),
  files: source<Pick<FileCache, "writtenByReclaim">>(ofMachines(({ files }) => [files]), { writtenByReclaim: true }),
  skb: source<Pick<Skbs, "allocFailures" | "reserveAllocs">>(ofMachines(({ net }) => [net.skbs]), {
    allocFailures: true,
    reserveAllocs: true
  }),
  listener: source<Pick<Services, "packets" | "refused" | "strays" | "withdrawn" | "withoutMemory">>(
    ({ stations }) => stations.map(({ net }) => net?.services),
    { packets: true, refused: true, strays: true, withdrawn: true, withoutMemory: true }
  ),
  softirq: source<Pick<Softirq, "timeSqueeze" | "ksoftirqdWakeups">>(ofMachines(({ softirqs }) => softirqs.perCpu), {
    timeSqueeze: true,
    ksoftirqdWakeups: true
  }),
  gro: source<Pick<Gro, "merged" | "noMemory">>(ofNics(({ rx }) => rx.gro), { merged: true, noMemory: true }),
  card: source<Pick<Nic, "interrupts" | "allocRxBuffFailed">>(ofNics((nic) => nic), {
    interrupts: true,
    allocRxBuffFailed: true
  }),
  cable: source<Pick<Impairments, Damage>>(({ lan }) => lan.links.map(({ impairments }) => impairments), {
    faultLostFrames: true,
    burstLostFrames: true,
    lateFrames: true,
    reorderedFrames: true,
    duplicatedFrames: true,
    bursts: true
  }),
  pause: source<Pick<Link, "heldFrames">>(({ lan }) => lan.links, { heldFrames: true }),
  switch: source<Pick<Switch, "droppedFrames" | "portMarks" | "pauseFrames">>(
    ({ network }) => network.switches.map(({ device }) => device),
    { droppedFrames: true, portMarks: true, pauseFrames: true }
  ),
  server: source<ServerStats>(ofServers(({ server }) => server.stats), {
    arrivals: true,
    departures: true,
    reads: true,
    writes: true,
    errors: true,
    noSpace: true,
    rateWaits: true
  }),
  "server life": source<Pick<ServerMachine["life"], "connectionsKilled" | "unanswered">>(
    ofServers(({ life }) => life),
    {
      connectionsKilled: true,
      unanswered: true
    }
  ),
  "server cache": source<Pick<ServerCache, "hits" | "misses" | "evictions" | "writtenBack" | "throttledWriters">>(
    ofServers(({ cache }) => cache),
    { hits: true, misses: true, evictions: true, writtenBack: true, throttledWriters: true }
  ),
  "server disk": source<Pick<ServerMachine["disk"], "reads" | "writes" | "slowed">>(ofServers(({ disk }) => disk), {
    reads: true,
    writes: true,
    slowed: true
  })
}

/** The name of every counter: `page-alloc slowpath`. */
export const COUNTER_NAMES: ReadonlyArray<string> = Object.entries(SOURCES).flatMap(([of, { names }]) =>
  names.map((name) => `${of} ${name}`)
)

/** A counter, or the sum of a list of counters. */
const valueOf = (figure: unknown): number =>
  typeof figure === "number"
    ? figure
    : Array.from(figure as ArrayLike<number>).reduce((sum: number, one: number) => sum + one, 0)

/** All of them, each the sum over the structures that count it. */
export const countersOf = (cluster: Cluster): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(SOURCES).flatMap(([of, { names, of: structures }]) => {
      const all = structures(cluster) as ReadonlyArray<Readonly<Record<string, unknown>>>
      return names.map((name) => [`${of} ${name}`, all.reduce((sum, counts) => sum + valueOf(counts[name]), 0)])
    })
  )
