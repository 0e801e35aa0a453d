// One client while it runs: its watchdog, its latencies, the exits of its processes.
import type { Link } from "@swaplab/lan"
import { type ProcessExit, worstExit } from "@swaplab/workload"
import type { ClientLoad } from "./client-load.ts"
import type { Client } from "./client.ts"
import { markLinks } from "./dead-link.ts"
import { LatencyHistogram } from "./latency.ts"
import type { LockupReport } from "./lockup-report.ts"
import { type ReclaimLimits, ReclaimWatch } from "./reclaim-watch.ts"
import type { Outcome } from "./result.ts"
import type { Watchdog } from "./watchdog.ts"

/** One client while it runs. */
export class ClientRun {
  readonly client: Client
  readonly watchdog: Watchdog
  readonly latency = new LatencyHistogram()
  /** What is measured. */
  readonly measured: ClientLoad
  /** Its workload runs, or has run. */
  started = false
  lockup: LockupReport | null = null
  /** The last closed wait-for cycle that was seen in the stall under way. */
  stuck: LockupReport | null = null
  /** The first window of livelock in reclaim. */
  livelock: LockupReport | null = null
  /** The first such cycle that an OOM kill has broken. */
  rescue: LockupReport | null = null
  oomKillsSeen = 0
  /** It was at rest at the last look. */
  rested = false
  /** Packets lost for want of memory when the last completion was seen, or the disk was last seen idle. */
  lostAtCompletion = 0

  /** The links between it and the server when the last completion was seen, or the disk was last seen idle. */
  linksAtCompletion: ReturnType<typeof markLinks>
  reclaim: ReclaimWatch
  /** Told of each major fault: who follows a fault of the scenario. */
  readonly faultListeners = new Set<(ns: number) => void>()
  /** It stands still for good, until somebody takes its power away. */
  locked = false
  readonly #path: ReadonlyArray<Link>

  constructor(client: Client, watchdog: Watchdog, path: ReadonlyArray<Link>, limits: ReclaimLimits) {
    this.client = client
    this.#path = path
    this.reclaim = new ReclaimWatch(client.machine, limits)
    this.linksAtCompletion = markLinks(path)
    this.watchdog = watchdog
    this.measured = client.loads[0]
    const listen = (): void => {
      client.machine.onMajorFault = (ns) => {
        this.latency.record(ns)
        for (const told of this.faultListeners) told(ns)
      }
    }
    listen()
    client.power.onLoss.push(() => {
      this.locked = false
      this.stuck = null
      // what came to a bad end begins again after the boot
      if (worstExit(this.measured.exits) !== "completed") this.measured.doneAt = -1
    })
    client.power.onBoot = () => {
      listen()
      this.oomKillsSeen = 0
      this.reclaim = new ReclaimWatch(client.machine, limits)
      this.watchdog.rebooted()
      this.markCompletion()
    }
    client.power.onStart = () => this.watchdog.rebooted()
  }

  /** A lockup was found: the first one is kept. */
  foundLockup(report: LockupReport): void {
    this.locked = true
    this.lockup ??= report
  }

  /** A completion was seen, or the disk was idle. */
  markCompletion(): void {
    this.lostAtCompletion = this.packetsLost
    this.linksAtCompletion = markLinks(this.#path)
  }

  /** The closed cycle in which it stands: nothing has completed since it was seen. */
  get standstill(): LockupReport | null {
    return this.stuck?.lastCompletionNs === this.watchdog.lastCompletion ? this.stuck : null
  }

  /** When its workload came to its end; −1: not yet. */
  get endedAt(): number {
    return this.measured.doneAt
  }

  get done(): boolean {
    return (this.endedAt >= 0 && !this.client.power.rebooting) || this.locked
  }

  /** Packets lost on this client for want of memory. */
  get packetsLost(): number {
    const { nic } = this.client.machine
    return nic.rxMissed + nic.rxDroppedTotal
  }
}

/** The worst outcome of a client. */
export const outcomeOf = (run: ClientRun, ended: Outcome): Outcome => {
  const worst = outcomeOfExits(run.measured.exits)
  if (worst === "corruption") return worst
  if (run.lockup !== null) return "lockup"
  if (worst !== "completed") return worst
  return run.endedAt >= 0 ? "completed" : ended
}

/** What the worst exit of its processes makes of a client. */
const OUTCOME_OF = {
  corruption: "corruption",
  "lost-swap": "lost-swap",
  sigbus: "sigbus",
  killed: "oom",
  completed: "completed"
} as const satisfies Record<ProcessExit, Outcome>

/** What the exits of its processes alone make of a client. */
export const outcomeOfExits = (exits: ReadonlyArray<ProcessExit>): (typeof OUTCOME_OF)[ProcessExit] =>
  OUTCOME_OF[worstExit(exits)]
