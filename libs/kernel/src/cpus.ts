// The CPUs of one machine as a resource that tasks and softirqs share.
// Modelled: every task runs on one CPU at a time; CPU time is used in bursts (task.ns) that must pass before the next
//   one starts; a woken task goes before tasks whose slice is used up, a nice −20 thread before both and, once it runs,
//   for 87 slices; each memory node has a run queue, and an idle CPU takes a task of another node only when its own has none;
//   softirq time is stolen from whatever runs on its CPU. Stopped tasks (SIGSTOP) get no CPU. A share of all
//   CPUs may go to others than this machine, evenly: a hypervisor that gives it every nth microsecond.
// Not modelled: CFS's virtual run times, balancing between busy nodes, load balancing costs, preemption inside a burst. A woken task waits for the end
//   of the burst under way (BURST_NS), where Linux would preempt at once: that is the error of its start.
// source: kernel/sched/core.c:schedule, kernel/softirq.c (time accounting only)
import { assert, type Dispatcher, type EventKind, type Process, type Sim, type Sleeps } from "@swaplab/sim"
import { RunQueue } from "./run-queue.ts"
import type { KernelTask } from "./task.ts"

/** After this much CPU time a task goes behind its equals. sysctl_sched_min_granularity is 0.75 ms times log2(cpus). */
const SLICE_NS = 1_000_000

/** The same for a nice −20 thread: as much longer as its weight in prio_to_weight (88761) is above that of nice 0. */
const HIGH_SLICE_NS = 87 * SLICE_NS

/** What a task and its CPU are told at schedule(). */
export interface ScheduleHooks {
  /** The task is about to sleep: blk flushes its plug here. */
  readonly scheduleOut: (task: KernelTask) => void
}

/** The run queue and the CPUs of one machine. */
export class Cpus implements Dispatcher {
  readonly count: number
  hooks: ScheduleHooks = { scheduleOut: () => {} }
  /** Context switches: so often a task was given a CPU. */
  switches = 0
  readonly #sim: Sim
  readonly #switchNs: number
  /** How much longer everything takes because of that. */
  #slow = 1
  readonly #current: Array<KernelTask | null>
  /** One bit for each CPU without a task, 32 to a word; a softirq may still be busy there. */
  readonly #taskless: Int32Array
  /** Until when the CPU is taken, by the burst of its task and by softirqs. */
  readonly #busyUntil: Float64Array
  readonly #busyNs: Float64Array
  readonly #endQueued: Uint8Array
  /** The task that used the CPU last has been put to sleep; the CPU is free at the end of its burst. */
  readonly #leaving: Uint8Array
  readonly #burstEnd: EventKind
  /** Of each memory node, and of the node of each CPU. */
  readonly #queues: ReadonlyArray<RunQueue>
  readonly #queueOfCpu: ReadonlyArray<RunQueue>

  /** `nodeOfCpu`: the memory node of each CPU, in blocks; one node without it. */
  constructor(
    sim: Sim,
    group: number,
    count: number,
    contextSwitchNs: number,
    nodeOfCpu: Uint8Array = new Uint8Array(count)
  ) {
    this.#sim = sim
    this.count = count
    this.#switchNs = contextSwitchNs
    this.#current = Array.from({ length: count }, () => null)
    this.#taskless = new Int32Array((count + 31) >> 5)
    for (let cpu = 0; cpu < count; cpu++) this.#taskless[cpu >> 5] |= 1 << (cpu & 31)
    this.#queues = Array.from({ length: 1 + nodeOfCpu[count - 1] }, () => new RunQueue())
    this.#queueOfCpu = Array.from(nodeOfCpu, (node) => this.#queues[node])
    this.#busyUntil = new Float64Array(count)
    this.#busyNs = new Float64Array(count)
    this.#endQueued = new Uint8Array(count)
    this.#leaving = new Uint8Array(count)
    this.#burstEnd = sim.queue.register((cpu) => this.#endBurst(cpu), { name: "end of a CPU burst", group })
  }

  /** Starts the fiber of a task: its program begins when the task first gets a CPU. */
  start(task: KernelTask, program: () => Sleeps<void>): void {
    this.#sim.spawn(task, task.program(() => this.#life(task, program)))
  }

  /** The task that runs, or last ran, on the CPU; null when it is idle. */
  current(cpu: number): KernelTask | null {
    return this.#current[cpu]
  }

  /** CPU time used so far on all CPUs, softirqs included. */
  busyNs(): number {
    let sum = 0
    for (let cpu = 0; cpu < this.count; cpu++) sum += this.#busyNs[cpu]
    return sum
  }

  /** The same on one of them; of a burst under way all of it. */
  busyNsOf(cpu: number): number {
    return this.#busyNs[cpu]
  }

  /** Wake-up: the task joins the run queue. */
  ready(process: Process): void {
    const task = process as KernelTask
    if (task.onCpu >= 0) {
      // woken before the burst that led into its sleep is over
      task.wakePending = true
      return
    }
    this.#enqueueWoken(task)
  }

  /** schedule(): the running task has gone to sleep. */
  sleeping(process: Process): void {
    const task = process as KernelTask
    this.hooks.scheduleOut(task)
    assert(task.onCpu >= 0, "a task that sleeps must have been running")
    this.#leaving[task.onCpu] = 1
    this.#charge(task)
  }

  /** So much of every CPU goes to others from now on, 0 … 1: work takes 1 / (1 − share) times as long. */
  setStolen(share: number): void {
    assert(share >= 0 && share < 1, "a share of the CPUs, less than all of them")
    this.#slow = 1 / (1 - share)
  }

  /** Lets the CPU time of the task pass; others may get the CPU in between. */
  *burst(task: KernelTask): Sleeps<void> {
    this.#charge(task)
    yield task.park
  }

  /** A task that has ended gives up its CPU. */
  exit(task: KernelTask): void {
    this.#leaving[task.onCpu] = 1
    this.#charge(task)
  }

  /** A softirq takes `ns` of the CPU: whatever runs there is delayed. */
  steal(cpu: number, ns: number): void {
    const now = this.#sim.now
    const from = this.#busyUntil[cpu] > now ? this.#busyUntil[cpu] : now
    this.#busyUntil[cpu] = from + this.#taken(ns)
    this.#busyNs[cpu] += ns
    this.#queueEnd(cpu)
  }

  /** How long so much work takes. */
  #taken(ns: number): number {
    return this.#slow === 1 ? ns : Math.round(ns * this.#slow)
  }

  *#life(task: KernelTask, program: () => Sleeps<void>): Sleeps<void> {
    this.ready(task)
    yield task.park
    yield* program()
    this.exit(task)
  }

  #charge(task: KernelTask): void {
    const cpu = task.onCpu
    const ns = Math.round(task.ns)
    task.ns = 0
    task.totalNs += ns
    task.sliceNs += ns
    const now = this.#sim.now
    const from = this.#busyUntil[cpu] > now ? this.#busyUntil[cpu] : now
    this.#busyUntil[cpu] = from + this.#taken(ns)
    this.#busyNs[cpu] += ns
    this.#queueEnd(cpu)
  }

  #queueEnd(cpu: number): void {
    if (this.#endQueued[cpu] === 1) return
    this.#endQueued[cpu] = 1
    this.#sim.queue.at(this.#busyUntil[cpu], this.#burstEnd, cpu)
  }

  #endBurst(cpu: number): void {
    this.#endQueued[cpu] = 0
    // a softirq, or a longer burst, has taken the CPU meanwhile
    if (this.#busyUntil[cpu] > this.#sim.now) {
      this.#queueEnd(cpu)
      return
    }
    const task = this.#current[cpu]
    if (task === null) {
      this.#dispatch(cpu)
      return
    }
    if (this.#leaving[cpu] === 1) {
      this.#leaving[cpu] = 0
      this.#takeOff(task)
      if (task.wakePending) {
        task.wakePending = false
        this.#push(task)
      }
      this.#dispatch(cpu)
      return
    }
    if (task.stopped) {
      this.#takeOff(task)
      task.stoppedReady = true
      this.#dispatch(cpu)
      return
    }
    const queue = this.#queueOfCpu[cpu]
    const preempted = !task.highPriority && queue.preempts
    if (preempted || (this.#sliceUsed(task) && !queue.empty)) {
      this.#takeOff(task)
      queue.expired.push(task)
      this.#dispatch(cpu)
      return
    }
    task.resume()
  }

  #takeOff(task: KernelTask): void {
    const cpu = task.onCpu
    this.#current[cpu] = null
    this.#taskless[cpu >> 5] |= 1 << (cpu & 31)
    task.onCpu = -1
    task.sliceNs = 0
  }

  #sliceUsed(task: KernelTask): boolean {
    return task.sliceNs >= (task.highPriority ? HIGH_SLICE_NS : SLICE_NS)
  }

  #enqueueWoken(task: KernelTask): void {
    this.#push(task)
    // the CPU it ran on last, else the first idle one, of its node if there is one
    if (this.#idle(task.cpu)) {
      this.#dispatch(task.cpu)
      return
    }
    if (this.#queues.length > 1 && (this.#dispatchOnNode(task.cpu) || task.boundToNode)) return
    for (let word = 0; word < this.#taskless.length; word++) {
      for (let bits = this.#taskless[word]; bits !== 0; bits &= bits - 1) {
        const cpu = (word << 5) + 31 - Math.clz32(bits & -bits)
        if (this.#busyUntil[cpu] <= this.#sim.now) {
          this.#dispatch(cpu)
          return
        }
      }
    }
  }

  /** Gives an idle CPU of the node of `cpu` its next task. False: none is idle. */
  #dispatchOnNode(cpu: number): boolean {
    const queue = this.#queueOfCpu[cpu]
    for (let other = 0; other < this.count; other++) {
      if (this.#queueOfCpu[other] !== queue || !this.#idle(other)) continue
      this.#dispatch(other)
      return true
    }
    return false
  }

  /** SIGSTOP and SIGCONT: from now on the task gets no CPU, or may have one again. A burst under way ends. */
  setStopped(task: KernelTask, stopped: boolean): void {
    task.stopped = stopped
    if (stopped || !task.stoppedReady) return
    task.stoppedReady = false
    this.#enqueueWoken(task)
  }

  #push(task: KernelTask): void {
    if (task.stopped) {
      task.stoppedReady = true
      return
    }
    const queue = this.#queueOfCpu[task.cpu]
    if (task.highPriority) queue.high.push(task)
    else queue.woken.push(task)
  }

  #idle(cpu: number): boolean {
    return this.#current[cpu] === null && this.#busyUntil[cpu] <= this.#sim.now
  }

  #dispatch(cpu: number): void {
    if (!this.#idle(cpu)) return
    let task = this.#next(cpu)
    while (task !== null && task.stopped) {
      task.stoppedReady = true
      task = this.#next(cpu)
    }
    if (task === null) return
    this.#current[cpu] = task
    this.#taskless[cpu >> 5] &= ~(1 << (cpu & 31))
    task.onCpu = cpu
    task.cpu = cpu
    task.ns += this.#switchNs
    this.switches++
    task.resume()
  }

  /** Takes the task that is next off the run queue: of the node of the CPU, else of another. */
  #next(cpu: number): KernelTask | null {
    const own = this.#queueOfCpu[cpu]
    const task = own.next()
    if (task !== null || this.#queues.length === 1) return task
    for (const queue of this.#queues) {
      const other = queue === own ? null : queue.nextUnbound()
      if (other !== null) return other
    }
    return null
  }
}
