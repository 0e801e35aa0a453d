// A soak test: one seed after the other becomes a scenario and a run, whose findings are counted by signature, until there are
// enough runs, the time is up, or the first unexpected finding. Runs are kept in their order by seed whatever is done first.
import type { RunResult, Scenario } from "@swaplab/cluster"
import type { ConfigError } from "@swaplab/config"
import { Effect, Either } from "effect"
import { type Asker, drive, type Driven, type DriveOptions, type DriveProgress } from "../capacity/drive.ts"
import type { Form } from "../form.ts"
import type { JobStore } from "../jobs.ts"
import type { Job } from "../plan.ts"
import { poissonInterval } from "../poisson.ts"
import type { RunFailure } from "../protocol.ts"
import type { Runner } from "../runner.ts"
import { COVERAGE, reachedBy } from "./coverage.ts"
import { type Drawn, DRAWN_KERNEL, drawScenario, isProved } from "./draw-scenario.ts"
import { findingsOf, hasSeries, lostFinding, type SoakFinding } from "./findings.ts"
import type { SoakPlan } from "./soak-file.ts"

/** What is kept of a run. */
export interface SoakRun {
  readonly seed: number
  readonly fingerprint: string
  readonly clients: number
  readonly simulatedNs: number
  /** Clients that locked up. */
  readonly lockups: number
  /** It was cut short, see `soakJob`: whether it comes to its end is not known. */
  readonly cut: boolean
  readonly findings: ReadonlyArray<SoakFinding>
  /** Rows of the coverage table. */
  readonly reached: ReadonlyArray<string>
}

/** As a file. */
export const SOAK_FORM: Form<SoakRun> = {
  suffix: "json",
  namesOf: () => null,
  pack: (run) => new TextEncoder().encode(`${JSON.stringify(run)}\n`),
  unpack: (content) => {
    try {
      const run = JSON.parse(new TextDecoder().decode(content)) as Partial<SoakRun>
      return Array.isArray(run.findings) && Array.isArray(run.reached) ? run as SoakRun : null
    } catch {
      return null
    }
  }
}

/** Runs with one signature. */
export interface SoakGroup {
  readonly signature: string
  readonly runs: number
  /** The seed of the first of them, and what it showed. */
  readonly seed: number
  readonly finding: SoakFinding
}

/** The first run with a signature, whole. */
export interface SoakExample {
  readonly drawn: Drawn
  readonly finding: SoakFinding
  /** Null: the run was lost. */
  readonly run: RunResult | null
}

/** What a soak test has come to. */
export interface Soak {
  readonly plan: SoakPlan
  readonly firstSeed: number
  readonly runs: number
  /** Runs that were cut short: slow, not stuck. */
  readonly cut: number
  readonly clientHours: number
  /** Clients that locked up, and the exact interval of that per 1,000 client-hours, 95 % (Garwood). */
  readonly lockups: number
  readonly lockupsPer1000Hours: readonly [low: number, high: number]
  /** Of the fingerprints of all runs, in whatever order they came. */
  readonly fingerprint: string
  /** Unexpected ones first, then by their number. */
  readonly groups: ReadonlyArray<SoakGroup>
  /** By signature; runs that a store had are not among them. */
  readonly examples: ReadonlyMap<string, SoakExample>
  /** Runs that reached each row. */
  readonly coverage: ReadonlyMap<string, number>
  readonly ended: Driven["ended"]
  /** A drawing that no seed fits. */
  readonly mistake: ConfigError | null
}

/** How long it goes on. */
export interface SoakOptions extends Omit<DriveOptions<Drawn, SoakRun>, "jobOf" | "reduce" | "store" | "onProgress"> {
  readonly firstSeed: number
  readonly runs: number
  /** Ends with the first unexpected finding. */
  readonly untilFailure: boolean
  readonly store?: JobStore<SoakRun>
  readonly onProgress?: (progress: DriveProgress, tally: SoakTally) => Effect.Effect<void>
}

/** Hexadecimal digits of a fingerprint that are added up. */
const MIXED_DIGITS = 12

/** The runs so far. */
export class SoakTally implements Asker<Drawn, SoakRun> {
  readonly #plan: SoakPlan
  readonly #options: SoakOptions
  readonly #groups = new Map<string, SoakGroup>()
  readonly #coverage = new Map(COVERAGE.map((row) => [row, 0]))
  readonly examples = new Map<string, SoakExample>()
  #asked = 0
  #mixed = 0
  runs = 0
  /** Of these, runs that were cut short. */
  cut = 0
  clientNs = 0
  /** Clients that locked up. */
  lockups = 0
  mistake: ConfigError | null = null

  constructor(plan: SoakPlan, options: SoakOptions) {
    this.#plan = plan
    this.#options = options
  }

  readonly next = (): Drawn | null => {
    if (this.#asked >= this.#options.runs || this.mistake !== null) return null
    const drawn = drawScenario(this.#plan, this.#options.firstSeed + this.#asked)
    if (Either.isLeft(drawn)) {
      this.mistake = drawn.left
      return null
    }
    this.#asked++
    return drawn.right
  }

  /** What is kept of a run; the first one of each signature whole. */
  readonly reduce = (drawn: Drawn, run: RunResult): SoakRun => {
    const findings = findingsOf(this.#plan, drawn, run)
    for (const finding of findings) this.#example({ drawn, finding, run })
    return {
      seed: drawn.seed,
      fingerprint: run.fingerprint,
      clients: run.clients.length,
      simulatedNs: run.simulatedNs,
      lockups: run.clients.filter(({ outcome }) => outcome === "lockup").length,
      cut: run.endedEarly !== undefined,
      findings,
      reached: reachedBy(run)
    }
  }

  readonly answer = (
    _drawn: Drawn,
    { fingerprint, clients, cut, findings, lockups, reached, seed, simulatedNs }: SoakRun
  ): void => {
    this.runs++
    this.lockups += lockups
    if (cut) this.cut++
    this.clientNs += clients * simulatedNs
    this.#mixed = (this.#mixed + Number.parseInt(fingerprint.slice(0, MIXED_DIGITS), 16)) % 2 ** (4 * MIXED_DIGITS)
    for (const row of reached) this.#coverage.set(row, (this.#coverage.get(row) ?? 0) + 1)
    const first = new Map(
      findings.map((finding) => [finding.signature, finding]).toReversed() as Array<[string, SoakFinding]>
    )
    for (const [signature, finding] of first) this.#count(signature, seed, finding)
  }

  readonly lost = (drawn: Drawn, { reason }: RunFailure): void => {
    this.runs++
    const finding = lostFinding(reason)
    this.#example({ drawn, finding, run: null })
    this.#count(finding.signature, drawn.seed, finding)
  }

  readonly finished = (): boolean => this.#options.untilFailure && this.unexpected > 0

  /** Runs with findings that nobody expects, by signature. */
  get unexpected(): number {
    return this.groups.filter(({ finding }) => finding.expected === null).length
  }

  get groups(): ReadonlyArray<SoakGroup> {
    return [...this.#groups.values()].toSorted((a, b) =>
      Number(b.finding.ours) - Number(a.finding.ours) ||
      Number(a.finding.expected !== null) - Number(b.finding.expected !== null) || b.runs - a.runs || a.seed - b.seed
    )
  }

  get fingerprint(): string {
    return this.#mixed.toString(16).padStart(MIXED_DIGITS, "0")
  }

  get coverage(): ReadonlyMap<string, number> {
    return this.#coverage
  }

  #count(signature: string, seed: number, finding: SoakFinding): void {
    // a finding of one class is expected of one kernel and not of another
    const key = `${finding.expected === null} ${signature}`
    const group = this.#groups.get(key)
    this.#groups.set(
      key,
      group === undefined || seed < group.seed
        ? { signature, runs: (group?.runs ?? 0) + 1, seed, finding }
        : { ...group, runs: group.runs + 1 }
    )
  }

  #example(example: SoakExample): void {
    const key = `${example.finding.expected === null} ${example.finding.signature}`
    const known = this.examples.get(key)
    if (known === undefined || example.drawn.seed < known.drawn.seed) this.examples.set(key, example)
  }
}

const NS_PER_HOUR = 3.6e12

/** Per 1,000 client-hours. Nothing is known without any time. */
const rateOf = ({ clientNs, lockups }: SoakTally): readonly [number, number] => {
  const thousands = clientNs / NS_PER_HOUR / 1000
  const [low, high] = poissonInterval(lockups)
  return thousands === 0 ? [0, Number.POSITIVE_INFINITY] : [low / thousands, high / thousands]
}

/** Runs of a scenario that come to so many client-hours, if each goes on for all of its time. */
export const runsFor = (clientHours: number, { clients, duration }: Scenario): number => {
  const count = clients.reduce((sum, group) => sum + group.count, 0)
  return Math.ceil(clientHours * NS_PER_HOUR / (count * duration))
}

/** Events and swapped pages after which a run with one client is cut short, what each further client and each MiB of a large one adds. */
const ENOUGH = 100_000
const A_CLIENT = 10_000
const A_MIB = 25_000
const SMALL_MIB = 16

/**
 * The job of a drawing. A run that only is slow tells no more by its second hundred thousand events than by its first. One that
 * stands in a closed cycle goes on until that is proved a deadlock; of a kernel that is known to lock up, the cycle is enough but
 * in a few runs.
 */
export const soakJob = (plan: SoakPlan, drawn: Drawn): Job => ({
  id: 0,
  loaded: drawn.loaded,
  kernel: DRAWN_KERNEL,
  seed: drawn.seed,
  field: null,
  checked: true,
  // a scenario of a file is run for all of its time
  ...(plan.scenario === null && {
    earlyStop: {
      thresholds: [],
      lockup: false,
      enough: { events: enoughEvents(drawn), stuckToo: !hasSeries(drawn) && !isProved(plan, drawn.seed) }
    }
  })
})

const enoughEvents = ({ loaded: { scenario: { clients } } }: Drawn): number => {
  const count = clients.reduce((sum, group) => sum + group.count, 0)
  const largest = Math.max(...clients.map(({ ram }) => ram)) / 2 ** 20
  return ENOUGH + A_CLIENT * (count - 1) + A_MIB * Math.max(0, largest - SMALL_MIB)
}

/** Runs a soak test. An interruption, or the end of the time, makes it end with what is known. */
export const runSoak = (plan: SoakPlan, options: SoakOptions): Effect.Effect<Soak, never, Runner> =>
  Effect.gen(function*() {
    const tally = new SoakTally(plan, options)
    const { firstSeed, onProgress, runs: _runs, untilFailure: _until, ...rest } = options
    const driven = yield* drive<Drawn, SoakRun>(tally, {
      ...rest,
      jobOf: (drawn) => soakJob(plan, drawn),
      reduce: (drawn, _job, run) => tally.reduce(drawn, run),
      ...(onProgress === undefined ? {} : { onProgress: (progress: DriveProgress) => onProgress(progress, tally) })
    })
    return {
      plan,
      firstSeed,
      runs: tally.runs,
      clientHours: tally.clientNs / NS_PER_HOUR,
      lockups: tally.lockups,
      lockupsPer1000Hours: rateOf(tally),
      fingerprint: tally.fingerprint,
      cut: tally.cut,
      groups: tally.groups,
      examples: tally.examples,
      coverage: tally.coverage,
      ended: driven.ended,
      mistake: tally.mistake
    }
  })
