// A machine with a disk of its own in place of the network: requests end after a fixed time, or when the test says so.
import { type BlockDriver, type DispatchQueue, NO_BIO } from "@swaplab/blk"
import { DEFAULT_COSTS, type KernelSpec, type KernelTask, Machine, type MachineSpec } from "@swaplab/kernel"
import { Packets } from "@swaplab/net-skb"
import { bootContext } from "@swaplab/page-alloc"
import { Sim, type Sleeps } from "@swaplab/sim"

const SECTORS_PER_SLOT = 8
const MIB = 1024 * 1024

/** Keeps the token of every slot written, as the server does. */
class ToyDisk implements BlockDriver {
  delayNs = 200_000
  /** Keeps requests until `release`. */
  held = false
  /** Every read fails with this errno. */
  readError = 0
  reads = 0
  writes = 0
  readonly machine: Machine
  readonly #tokens = new Map<number, readonly [writer: number, version: number]>()
  readonly #waiting: Array<number> = []
  readonly #end: number

  constructor(sim: Sim, machine: Machine) {
    this.machine = machine
    this.#end = sim.queue.register((rq) => this.#endRequest(rq), { group: machine.group })
  }

  requestFn(queue: DispatchQueue): void {
    for (let rq = queue.fetch(); rq >= 0; rq = queue.fetch()) {
      if (this.held) this.#waiting.push(rq)
      else this.machine.sim.queue.after(this.delayNs, this.#end, rq)
    }
  }

  /** Ends everything that was held back, now. */
  release(): void {
    this.held = false
    for (const rq of this.#waiting.splice(0)) this.#endRequest(rq)
  }

  /** Overwrites what a slot holds. */
  corrupt(slot: number): void {
    this.#tokens.set(slot, [0xdead, 1])
  }

  #endRequest(rq: number): void {
    const { disk, pages } = this.machine
    const { tokenWriter, tokenVersion } = pages.frames
    const write = disk.rqWrite[rq] === 1
    let slot = disk.rqSector[rq] / SECTORS_PER_SLOT
    for (let bio = disk.rqBioHead[rq]; bio !== NO_BIO; bio = disk.bioNext[bio]) {
      const pfn = disk.bioPage[bio]
      if (write) this.#tokens.set(slot, [tokenWriter[pfn], tokenVersion[pfn]])
      else [tokenWriter[pfn], tokenVersion[pfn]] = this.#tokens.get(slot) ?? [0, 0]
      slot++
    }
    if (write) this.writes++
    else this.reads++
    disk.endRequest(bootContext(), rq, write ? 0 : this.readError)
  }
}

export const VANILLA: KernelSpec = { allocator: "slab", base: "v3.5" }
export const SERIES: KernelSpec = { allocator: "slab", base: "v3.6" }

export interface Rig {
  readonly sim: Sim
  readonly machine: Machine
  readonly disk: ToyDisk
  /** Starts a user process and returns its task. */
  readonly start: (process: number, program: (task: KernelTask) => Sleeps<void>) => KernelTask
}

/** Boots a small machine; `spec` overrides what it is made of. */
export const boot = (spec: Partial<MachineSpec> = {}, seed = 1): Rig => {
  const sim = new Sim({ seed })
  const machine = new Machine(sim, {
    name: "client-1",
    index: 0,
    host: 2,
    kernel: VANILLA,
    ramBytes: 16 * MIB,
    cpus: 1,
    thp: false,
    minFreeKbytes: null,
    pageCachePages: 64,
    swapSlots: 16_384,
    nic: { driver: "e1000", rxRing: 64, txRing: 64, interruptGapNs: 50_000 },
    processes: 2,
    pagesPerProcess: 6144,
    costs: DEFAULT_COSTS,
    ...spec
  }, { packets: new Packets(), wire: { transmit: () => sim.now } })
  const disk = new ToyDisk(sim, machine)
  machine.disk.driver = disk
  return {
    sim,
    machine,
    disk,
    start: (process, program) => machine.startProcess(process, `user-${process + 1}`, program)
  }
}
