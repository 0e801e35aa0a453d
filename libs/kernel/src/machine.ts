// One client: an emulated kernel, booted from a release and a patch set.
// Modelled: boot in the kernel's order (zones, object caches, reclaim, page cache, network, swap), kernel threads
//   (kswapd0, ksoftirqd, the nbd sender), the nbd-client process, user processes with their address spaces.
// Not modelled: the memory of the kernel image, of task structures, kernel stacks and files (8 KiB a task), init and
//   other system processes. A real machine of 64 MiB has some 10 MiB less for its workload.
// source: init/main.c:start_kernel, arch/x86/mm/init_64.c:mem_init
import { type BioSet, type BlockQueue, CongestionState } from "@swaplab/blk"
import { type MemallocSocks, type ObjectAllocator, RADIX_TREE_NODE } from "@swaplab/kmem"
import type { NbdDevice } from "@swaplab/nbd-driver"
import { cardOf, featuresOf, KernelMemory, NetStack, Nic, tcpMem } from "@swaplab/net-skb"
import {
  bootContext,
  type Context,
  LOST_WRITER,
  nodesOfCpus,
  NR_FREE_PAGES,
  PageAllocator,
  PF_KTHREAD,
  PF_SWAPWRITE
} from "@swaplab/page-alloc"
import { assert, type Process, type Sim, type Sleeps } from "@swaplab/sim"
import type { Swap } from "@swaplab/swap"
import { Vmscan } from "@swaplab/vmscan"
import { cryptBios, diskMemory, diskQueue, nbdQueueLimits, objectAllocator, startReaper } from "./boot.ts"
import type { Corruption, LostSwap } from "./content-errors.ts"
import type { Costs } from "./costs.ts"
import { Cpus } from "./cpus.ts"
import { Dcache } from "./files/dcache.ts"
import { FileCache } from "./files/file-cache.ts"
import { LocalDisk, type LocalDiskOptions } from "./files/local-disk.ts"
import { PageCache } from "./files/page-cache.ts"
import { attachRoot, type RootConnection } from "./files/root-attach.ts"
import type { RootImage } from "./files/root-image.ts"
import type { RootSpec } from "./files/root-spec.ts"
import { Writeback } from "./files/writeback.ts"
import { Softirqs } from "./ksoftirqd.ts"
import type { MachinePlugs, MachineSpec } from "./machine-spec.ts"
import { CacheMemory } from "./mm/cache-memory.ts"
import { Mm } from "./mm/mm.ts"
import { type LogLine, MachineOomOps } from "./mm/oom.ts"
import { PageTables, pteValue } from "./mm/page-table.ts"
import { ProcessTable } from "./mm/process-memory.ts"
import { MachineReclaimOps } from "./mm/reclaim-ops.ts"
import { attachNbd, type NbdAttachment } from "./nbd-attach.ts"
import { NBD_CLIENT_DEFAULT, type NbdLink } from "./nbd-client.ts"
import type { KernelSpec } from "./patches/kernel-spec.ts"
import { netSwitches, pageAllocSwitches, vmscanSwitches } from "./patches/switches.ts"
import { firstCpuOf, placed, processPlace, startKswapds } from "./placement.ts"
import { setUpSwap, startCrypt, type SwapSetup } from "./swap-setup.ts"
import { setReclaimSysctls } from "./switch-sysctls.ts"
import { KernelTask, type TaskOptions } from "./task.ts"

/**
 * One emulated client, booted when it is made.
 *
 * **When to use.** Give it a spec and its plugs, `attachSwap` a device, `startProcess` its programs, and let the Sim
 * run.
 *
 * **Details.** Sizes are pages of 4 KiB unless named bytes, times nanoseconds. Its parts are public to read.
 *
 * **Gotchas.** A process number is started once; wrong content is no error, see `corruptions`; a reboot is another
 * Machine.
 */
export class Machine {
  readonly sim: Sim
  readonly spec: MachineSpec
  /** What runs now: that of `spec` until a patch is switched. */
  kernel: KernelSpec
  readonly name: string
  readonly index: number
  /** Its group in the simulation. */
  readonly group: number
  readonly bootNs: number
  readonly costs: Costs
  readonly cpus: Cpus
  readonly pages: PageAllocator
  readonly objects: ObjectAllocator
  readonly reclaimOps: MachineReclaimOps
  readonly vmscan: Vmscan
  readonly pageCache: PageCache
  readonly congestion: CongestionState
  /** Bios and requests of all disks. */
  readonly bios: CacheMemory
  readonly fsBioSet: BioSet
  readonly requests: CacheMemory
  /** The queue of the swap device. */
  readonly disk: BlockQueue
  readonly swap: Swap
  /** zram, zswap and dm-crypt, of a machine that has them, and the threads of the last. */
  readonly swapSetup: SwapSetup
  readonly cryptTasks: ReadonlyArray<KernelTask>
  readonly mm: Mm
  readonly memallocSocks: MemallocSocks = { count: 0 }
  readonly net: NetStack
  readonly softirqs: Softirqs
  readonly nic: Nic
  /** Of each memory node, and of the first. */
  readonly kswapds: ReadonlyArray<KernelTask>
  readonly kswapd: KernelTask
  /** Processes that the OOM killer may look at, nbd-client included. */
  readonly userTasks: Array<KernelTask> = []
  readonly radixTreeNodes: CacheMemory
  /** What only some loads need, made at their start. */
  dcache: Dcache | null = null
  processTable: ProcessTable | null = null
  files: FileCache | null = null
  writeback: Writeback | null = null
  /** The root image, of a client that has one, and its NBD device unless it lies on a disk of the client. */
  root: RootImage | null = null
  rootNbd: NbdAttachment | null = null
  nbd: NbdDevice | null = null
  nbdSender: KernelTask | null = null
  nbdReceiver: KernelTask | null = null
  /** What happened to the connection of the swap device. */
  nbdLink: NbdLink | null = null

  /** Touches of pages by the workload: its progress. */
  touched = 0
  oomKills = 0
  readonly corruptions: Array<Corruption> = []
  readonly lostSwap: Array<LostSwap> = []
  readonly logLines: Array<LogLine> = []
  /** Called with the latency of every major fault. */
  onMajorFault: (ns: number) => void = () => {}
  readonly #boot: Context

  constructor(sim: Sim, spec: MachineSpec, plugs: MachinePlugs) {
    this.sim = sim
    this.spec = spec
    this.kernel = spec.kernel
    this.name = spec.name
    this.index = spec.index
    this.costs = spec.costs
    this.group = sim.group(spec.name)
    this.bootNs = sim.now
    this.#boot = bootContext()
    const { costs, kernel, numa } = spec
    const nodeOfCpu = numa === undefined ? undefined : nodesOfCpus(spec.cpus, numa.nodeBytes.length)
    this.cpus = new Cpus(sim, this.group, spec.cpus, costs.contextSwitchNs, nodeOfCpu)
    this.pages = new PageAllocator(sim, {
      ...(numa !== undefined && { numa }),
      memory: spec.presentPages ?? spec.ramBytes,
      cpus: spec.cpus,
      transparentHugepages: spec.thp,
      ...(spec.minFreeKbytes === null ? {} : { minFreeKbytes: spec.minFreeKbytes }),
      switches: pageAllocSwitches(kernel),
      vmstat: {
        directThrottle: vmscanSwitches(kernel).throttleCounter,
        transparentHugepages: spec.thp,
        numa: numa !== undefined
      },
      group: this.group
    })
    this.objects = objectAllocator(sim, this.pages, spec, this.memallocSocks, this.group)
    this.congestion = new CongestionState(sim)
    this.reclaimOps = new MachineReclaimOps(this)
    this.vmscan = new Vmscan(sim, this.pages, this.reclaimOps, this.congestion, {
      switches: vmscanSwitches(kernel),
      costs: { scanPageNs: costs.scanPageNs, unmapPageNs: costs.unmapPageNs, swapOutPageNs: costs.swapOutPageNs },
      oom: new MachineOomOps(this),
      group: this.group
    })
    setReclaimSysctls(this, spec.sysctls ?? {})
    this.pages.reclaimer = this.vmscan
    this.pageCache = new PageCache(this.pages)
    const { bios, fsBioSet, requests } = diskMemory(sim, this.objects)
    this.bios = bios
    this.fsBioSet = fsBioSet
    this.requests = requests
    const swapBios = spec.swapExtras?.crypt === undefined ? fsBioSet : cryptBios(this)
    this.disk = diskQueue(this, "nbd0", nbdQueueLimits(spec), swapBios)
    const nodes = this.objects.createCache("radix_tree_node", RADIX_TREE_NODE, { ctor: true, reclaimAccount: true })
    this.radixTreeNodes = new CacheMemory(this.objects, nodes)
    this.swapSetup = setUpSwap(this, this.#boot)
    this.swap = this.swapSetup.swap
    this.mm = new Mm(new PageTables(spec.processes, spec.pagesPerProcess, spec.otherProcesses), {
      pages: this.pages,
      vmscan: this.vmscan,
      swap: this.swap,
      costs,
      onMajorFault: (ns) => this.onMajorFault(ns)
    })
    this.cpus.hooks = { scheduleOut: (task) => this.disk.flushPlugOnSchedule(task) }

    this.softirqs = new Softirqs(sim, spec.name, this.group, this.cpus, spec.sysctls?.["net.core.netdev_budget"])
    this.net = new NetStack(sim, {
      host: spec.host,
      group: this.group,
      cpus: spec.cpus,
      memory: new KernelMemory(this.objects, this.pages),
      packets: plugs.packets,
      switches: netSwitches(kernel),
      costs: {
        rxPacketNs: costs.packetNs,
        mergedPacketNs: costs.mergedPacketNs,
        copyPerKiBNs: costs.perKiBNs,
        txSkbNs: costs.packetNs,
        syscallNs: 300
      },
      memallocSocks: this.memallocSocks,
      sysctls: spec.sysctls ?? {},
      uptimeNs: spec.uptimeNs ?? 0,
      tcpMem: tcpMem(this.pages.vmstat.items[NR_FREE_PAGES]),
      firstSocket: spec.firstSocket ?? 0
    })
    this.nic = new Nic(this.net, plugs.wire, this.softirqs.perCpu[firstCpuOf(this.pages, numa?.cardNode ?? 0)], {
      ...cardOf(spec.nic.driver),
      ...featuresOf(cardOf(spec.nic.driver), spec.nic.ethtool),
      ...(!cardOf(spec.nic.driver).fixedRings && { ring: spec.nic.rxRing, txDescriptors: spec.nic.txRing }),
      ...(spec.nic.txQueue !== undefined && { txQueueLength: spec.nic.txQueue }),
      interruptGapNs: spec.nic.interruptGapNs,
      coalesce: spec.nic.coalesce ?? cardOf(spec.nic.driver).coalesce
    })
    this.nic.open(this.#boot)
    this.pageCache.fill(this.#boot, this.vmscan, spec.pageCachePages)
    this.vmscan.lru.drainAll(this.#boot)

    this.kswapds = startKswapds(this)
    this.kswapd = this.kswapds[0]
    const { crypt } = this.swapSetup
    this.cryptTasks = crypt === null ? [] : startCrypt(this, crypt)
    startReaper(sim, this.objects, this.cpus, spec.cpus, this.group)
  }

  /** Makes a task of this machine; start it with `cpus.start`. */
  task(comm: string, flags = 0, options: Omit<TaskOptions, "flags"> = {}): KernelTask {
    return new KernelTask(this.sim, `${this.name} ${comm}`, this.group, this.cpus, placed(this.spec, flags, options))
  }

  /** NBD_DO_IT: the swap device is served over this connection from now on, until it is lost. */
  attachSwap(device: NbdDevice, client = NBD_CLIENT_DEFAULT): void {
    assert(this.nbd === null, "the swap device is attached already")
    assert(device.queue === this.disk, "the device of another queue")
    this.nbd = device
    this.pages.lastProgressNs = () => device.lastCompletionNs
    const { link, receiver, sender } = attachNbd(this, device, "nbd-client", client)
    this.nbdSender = sender
    this.nbdReceiver = receiver
    this.nbdLink = link
  }

  /**
   * Mounts a root image: from now on programs map and read its files through `root`. `connection` says where it lies: on an
   * NBD device that `connect` makes for the queue, or on a disk of the client.
   */
  attachRoot(spec: RootSpec, connection: RootConnection): RootImage {
    assert(this.root === null, "the root image is attached already")
    const { image, nbd } = attachRoot(this, spec, connection)
    this.root = image
    this.rootNbd = nbd
    const { queue } = image.device
    const flush = (task: Process): void => {
      this.disk.flushPlugOnSchedule(task)
      queue.flushPlugOnSchedule(task)
    }
    this.cpus.hooks = { scheduleOut: flush }
    this.swap.locks.beforeSleep = flush
    return image
  }

  /** The caches of file names, made when somebody first looks a file up. */
  openDcache(): Dcache {
    return this.dcache ??= new Dcache(this.objects, this.pages.vmstat)
  }

  /** The memory of processes that are forked, made at the first fork. */
  openProcessTable(): ProcessTable {
    return this.processTable ??= new ProcessTable(this.objects, this.pages)
  }

  /** Gives the machine a disk of its own with files of so many pages, and the flusher thread that writes them back. */
  addFiles(pages: number, disk: LocalDiskOptions): void {
    assert(this.files === null, "the machine has its files already")
    const files = new FileCache(this, pages, new LocalDisk(this.sim, this.group, disk))
    const writeback = new Writeback(this.sim, this.reclaimOps, files)
    this.files = files
    this.writeback = writeback
    const flusher = this.task("flush-8:0", PF_KTHREAD | PF_SWAPWRITE)
    flusher.daemon = true
    this.cpus.start(flusher, () => writeback.flusher(flusher))
  }

  /** Starts user process `process` (0 … processes − 1) with its address space. */
  startProcess(process: number, comm: string, program: (task: KernelTask) => Sleeps<void>): KernelTask {
    const task = this.task(comm, 0, { mm: process, ...processPlace(this.pages, this.spec, process) })
    this.userTasks.push(task)
    const exit = (): void => {
      this.mm.exit(task, process)
      this.disk.forgetTask(task)
      this.root?.device.queue.forgetTask(task)
    }
    this.cpus.start(task, function*() {
      yield* program(task)
      exit()
    })
    return task
  }

  /** A line of the kernel log; the last 1000 are kept. */
  readonly log = (message: string): void => {
    this.logLines.push({ timeNs: this.sim.now, message })
    if (this.logLines.length > 1000) this.logLines.shift()
  }

  /**
   * A page of the address space of `task` was read back and is not what its owner wrote. Where the server has forgotten it,
   * nobody on this machine is to blame: its owner finds zeroes, as in the hole of a file.
   */
  wrongPage(task: KernelTask, index: number, writer: number, version: number): "corruption" | "lost-swap" {
    const { tokenWriter, tokenVersion } = this.pages.frames
    const pfn = pteValue(this.mm.tables.entries.at(index))
    if (tokenWriter[pfn] === LOST_WRITER) {
      this.lostSwap.push({ timeNs: this.sim.now, task: task.name, page: index, event: tokenVersion[pfn] })
      this.log(`${task.name}: its page ${index} is lost, zeroes in its place`)
      return "lost-swap"
    }
    this.corrupted(
      task,
      `page ${index}: expected ${writer} v${version}, found ${tokenWriter[pfn]} v${tokenVersion[pfn]}`
    )
    return "corruption"
  }

  /** `who` found it: a task, or the device that read the page. */
  corrupted(who: { readonly name: string }, message: string, of: Corruption["of"] = "swap"): void {
    this.corruptions.push({ timeNs: this.sim.now, of, task: who.name, message })
  }

  /** CPU time of all tasks and softirqs, and the part of it in user mode. */
  cpuTimes(): { readonly userNs: number; readonly sysNs: number } {
    let userNs = 0
    for (const task of this.userTasks) userNs += task.userNs
    return { userNs, sysNs: Math.max(0, this.cpus.busyNs() - userNs) }
  }

  checkInvariants(): void {
    this.pages.checkInvariants()
    this.objects.checkInvariants()
    this.vmscan.checkInvariants()
    this.disk.checkInvariants()
    this.swap.checkInvariants()
    const { crypt, zrams, zswap } = this.swapSetup
    crypt?.checkInvariants()
    for (const zram of zrams) zram.checkInvariants()
    zswap?.checkInvariants()
    this.root?.checkInvariants()
    this.net.checkInvariants()
    this.nic.checkInvariants()
  }
}
