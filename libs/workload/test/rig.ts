// A client whose swap is a store in the test: what the server would keep, within reach.
import { DEFAULT_COSTS, type KernelTask, Machine, type MachineSpec } from "@swaplab/kernel"
import { Packets } from "@swaplab/net-skb"
import type { Context } from "@swaplab/page-alloc"
import { assert, Sim } from "@swaplab/sim"
import {
  type LanEnd,
  type Operations,
  type ProcessExit,
  usemem,
  type UsememOptions,
  type WorkloadHost
} from "@swaplab/workload"

/** The disk of a machine, and what drives it. */
type Disk = Machine["disk"]
type Driver = NonNullable<Disk["driver"]>

const SECTORS_PER_SLOT = 8
const DELAY_NS = 150_000

/** Token by slot; requests end after a fixed time. */
export class Store implements Driver {
  readonly tokens = new Map<number, readonly [writer: number, version: number]>()
  /** Every read fails with this errno. */
  readError = 0
  reads = 0
  writes = 0
  readonly #machine: Machine
  readonly #end: number

  constructor(machine: Machine) {
    this.#machine = machine
    this.#end = machine.sim.queue.register((rq) => this.#endRequest(rq), { group: machine.group })
  }

  requestFn(queue: Disk): void {
    for (let rq = queue.fetch(); rq >= 0; rq = queue.fetch()) {
      this.#machine.sim.queue.after(DELAY_NS, this.#end, rq)
    }
  }

  #endRequest(rq: number): void {
    const { disk, pages: { frames } } = this.#machine
    const write = disk.rqWrite[rq] === 1
    let slot = disk.rqSector[rq] / SECTORS_PER_SLOT
    for (let bio = disk.rqBioHead[rq]; bio >= 0; bio = disk.bioNext[bio]) {
      const pfn = disk.bioPage[bio]
      if (write) {
        this.writes++
        this.tokens.set(slot, [frames.tokenWriter[pfn], frames.tokenVersion[pfn]])
      } else {
        this.reads++
        ;[frames.tokenWriter[pfn], frames.tokenVersion[pfn]] = this.tokens.get(slot) ?? [0, 0]
      }
      slot++
    }
    const softirq: Context = { flags: 0, memdie: false, inInterrupt: true, servingSoftirq: true, cpu: 0, ns: 0 }
    disk.endRequest(softirq, rq, write ? 0 : this.readError)
  }
}

export interface Rig {
  readonly sim: Sim
  readonly machine: Machine
  readonly store: Store
  readonly exits: Array<ProcessExit>
  readonly tasks: Array<KernelTask>
}

/** A booted client of 12 MiB and the store that it swaps to. */
export const client = (
  spec: Partial<MachineSpec> = {}
): { readonly sim: Sim; readonly machine: Machine; readonly store: Store } => {
  const sim = new Sim({ seed: 1 })
  const machine = new Machine(sim, {
    name: "client-4",
    index: 3,
    host: 2,
    kernel: { allocator: "slub", base: "v3.6" },
    ramBytes: 12 * 1024 * 1024,
    cpus: 2,
    thp: false,
    minFreeKbytes: null,
    pageCachePages: 100,
    swapSlots: 16_384,
    nic: { driver: "e1000", rxRing: 64, txRing: 64, interruptGapNs: 50_000 },
    processes: 3,
    pagesPerProcess: 1500,
    costs: DEFAULT_COSTS,
    ...spec
  }, { packets: new Packets(), wire: { transmit: () => sim.now } })
  const store = new Store(machine)
  machine.disk.driver = store
  return { sim, machine, store }
}

/** Starts usemem processes on a client of 12 MiB; run `sim` yourself. */
export const start = (options: UsememOptions, spec: Partial<MachineSpec> = {}): Rig => {
  const { machine, sim, store } = client(spec)
  const exits: Array<ProcessExit> = []
  const tasks: Array<KernelTask> = []
  for (let process = 0; process < machine.spec.processes; process++) {
    tasks.push(machine.startProcess(process, `usemem-${process + 1}`, function*(task) {
      exits.push(yield* usemem(machine, task, options))
      if (exits.length === machine.spec.processes) sim.stop()
    }))
  }
  return { sim, machine, store, exits, tasks }
}

const noLan = (): never => {
  assert(false, "there is no LAN here")
}
const NO_LAN: LanEnd = { datagrams: noLan, serve: noLan, startsIn: noLan, stream: noLan }

/** What a workload runs on in a test: the machine, and what it has counted. */
export interface TestHost extends WorkloadHost {
  readonly operations: Operations
  readonly latencies: Array<number>
  readonly exits: Array<ProcessExit>
  readonly ended: () => boolean
}

/** A host whose workload has all processes and files of the machine. */
export const hostOf = (machine: Machine, name: string): TestHost => {
  const latencies: Array<number> = []
  const exits: Array<ProcessExit> = []
  const counters = new Map<string, { value: number }>()
  let ended = false
  return {
    name: machine.name,
    client: machine,
    display: null,
    lan: NO_LAN,
    since: 0,
    person: () => {},
    files: { from: 0, to: machine.files?.pages ?? 0 },
    rootFiles: { from: 0, to: machine.root?.pages ?? 0 },
    operations: { done: 0, failed: 0, latency: { record: (ns) => latencies.push(ns) } },
    latencies,
    exits,
    ended: () => ended,
    random: (...names) => machine.sim.stream(machine.name, name, ...names),
    fork: (process, comm, body) =>
      machine.startProcess(process, comm, function*(task) {
        exits.push(yield* body(task))
      }),
    daemon: (comm, body) => {
      const task = machine.task(comm)
      task.daemon = true
      machine.cpus.start(task, () => body(task))
      return task
    },
    counter: (figure) => {
      const counter = counters.get(figure) ?? { value: 0 }
      counters.set(figure, counter)
      return counter
    },
    latency: () => ({ record: (ns) => latencies.push(ns) }),
    rest: () => {},
    done: () => {
      ended = true
    }
  }
}
