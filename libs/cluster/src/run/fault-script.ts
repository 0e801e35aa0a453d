// The faults of a scenario while it runs: when each begins and ends, at which places, and what follows.
//
// Chance: every entry draws from a stream of its own, so another entry changes nothing; all places of an entry begin and end
// together. The script's events are no work of any machine's, and they are no part of the fingerprint of a run without faults.
// A client without power has no faults but of its power: those that were on end when it loses it, and none begins until it has
// booted.
import { drawTime, times } from "@swaplab/config"
import type { EventKind, Nanoseconds, Random } from "@swaplab/sim"
import type { FaultKind, Places } from "../faults/fault-kind.ts"
import { faultNamed } from "../faults/faults.ts"
import { beginOutside } from "../faults/outside-faults.ts"
import { contradict } from "../scenario/fault-contradiction.ts"
import { type FaultConfig, optionsOf } from "../scenario/faults.ts"
import type { Scenario } from "../scenario/scenario.ts"
import type { ClientRun } from "./client-run.ts"
import { Aftermath } from "./fault-aftermath.ts"
import { FaultAt, Occurrence, wordsOf } from "./fault-occurrence.ts"
import { type FaultPlace, placesOf } from "./fault-places.ts"
import type { FaultMark, FaultResult } from "./fault-result.ts"
import type { Cluster } from "./topology.ts"

/** A fault that is on, as a possible cause of a lockup. */
export interface FaultOn {
  /** What it is and where, and since when. */
  readonly text: string
  readonly since: string
  readonly cause: FaultKind["cause"]
  /** It will end. */
  readonly ends: boolean
}

/** Of one run so many beginnings are kept; further ones happen and are counted. */
const MAX_RESULTS = 1000

/** What is counted of an entry. */
interface EntryCounts {
  begun: number
  /** One that has ended has hit something. */
  hit: boolean
  /** Places where it was left out: something that sets the same was on, the client had no power, or it could not begin. */
  taken: number
  powerless: number
  impossible: number
}

/** All faults of one run. */
export class FaultScript {
  readonly #cluster: Cluster
  readonly #scenario: Scenario
  readonly #runs: ReadonlyArray<ClientRun>
  readonly #entries: ReadonlyArray<EntryCounts>
  readonly #kept: Array<Occurrence> = []
  #more = 0
  /** Those that are on, and those whose end is still followed. */
  readonly #on = new Set<Occurrence>()
  readonly #followed = new Set<Occurrence>()
  readonly #steps: Array<() => void> = []
  /** Made with the first step: a run without faults has no such kind of event. */
  #kind: EventKind | null = null

  /** Schedules what is known beforehand. `runs` are all clients. */
  constructor(cluster: Cluster, scenario: Scenario, runs: ReadonlyArray<ClientRun>) {
    this.#cluster = cluster
    this.#scenario = scenario
    this.#runs = runs
    this.#entries = scenario.faults.map(() => ({ begun: 0, hit: false, taken: 0, powerless: 0, impossible: 0 }))
    if (scenario.faults.length === 0) return
    for (const { client: { power, spec } } of runs) power.onLoss.push(() => this.#powerLost(spec.name))
    scenario.faults.forEach((config, index) => this.#plan(config, index))
  }

  /** A fault is on that will end: what waits for that may go on then. */
  helpComes(run: ClientRun): boolean {
    for (const { aftermath, until } of this.#on) {
      if (until !== Number.POSITIVE_INFINITY && aftermath.concerns(run)) return true
    }
    return false
  }

  /** What goes wrong for a client now, in words, for the report of a lockup. */
  onFor(run: ClientRun): ReadonlyArray<FaultOn> {
    return [...this.#on].filter(({ aftermath }) => aftermath.concerns(run)).map(
      ({ beganNs, config, places, until }) => ({
        text: `${wordsOf(config)} at ${places.map(({ place }) => place.name).join(", ")}`,
        since: `since ${(beganNs / 1e9).toFixed(3)} s`,
        cause: faultNamed(config.what).cause,
        ends: until !== Number.POSITIVE_INFINITY
      })
    )
  }

  /** The watchdog has looked at every client. */
  look(): void {
    for (const occurrence of this.#followed) {
      const ended = occurrence.endedNs !== null
      if (occurrence.aftermath.look(ended) && ended) this.#followed.delete(occurrence)
    }
  }

  /** For the time series: at how many places each entry is on. */
  columns(): ReadonlyArray<readonly [name: string, on: () => number]> {
    return this.#scenario.faults.map(({ what }, index) => [
      `faults.${index}.${what}`,
      () => {
        let on = 0
        for (const { index: of, places } of this.#on) if (of === index) on += places.filter((at) => at.on).length
        return on
      }
    ])
  }

  /** What has happened. */
  results(): ReadonlyArray<FaultResult> {
    return this.#kept.map((occurrence) => occurrence.result())
  }

  /** What has begun so far, for a time line. */
  marks(): ReadonlyArray<FaultMark> {
    return this.#kept.map((occurrence) => occurrence.mark())
  }

  /** What nobody would notice: entries that never began, hit nothing or were left out, and what is not in the result. */
  warnings(): ReadonlyArray<string> {
    const more = this.#more === 0
      ? []
      : [`${this.#more} more beginnings of faults are not in the result, which keeps ${MAX_RESULTS}`]
    return [...this.#scenario.faults.flatMap((config, index) => this.#warningsOf(config, index)), ...more]
  }

  #warningsOf(config: FaultConfig, index: number): ReadonlyArray<string> {
    const { begun, impossible, powerless, taken } = this.#entries[index]
    const hit = this.#entries[index].hit ||
      [...this.#on].some((occurrence) => occurrence.index === index && occurrence.hit)
    const words = `faults[${index}] (${wordsOf(config)} at ${config.where.join(", ")})`
    const left = (n: number, reason: string): ReadonlyArray<string> =>
      n === 0 ? [] : [`${words} was left out ${times(n)}: ${reason}`]
    const none = begun === 0 && taken + powerless + impossible === 0
    return [
      ...(none ? [`${words} did not begin before the end of the run`] : []),
      ...(begun > 0 && !hit ? [`${words} had no effect: no ${faultNamed(config.what).hits}`] : []),
      ...left(taken, "one that sets the same was still on"),
      ...left(powerless, "the client had no power"),
      ...left(impossible, "the one before it was not gone yet")
    ]
  }

  #plan(config: FaultConfig, index: number): void {
    const chance = this.#cluster.sim.stream("fault", String(index), config.what)
    const { clock } = this.#scenario
    if (config.every === undefined) {
      const begin = config.between === undefined
        ? drawTime(config.at ?? NOW, clock, chance)
        : between(drawTime(config.between[0], clock, chance), drawTime(config.between[1], clock, chance), chance)
      this.#at(begin, () => this.#begin(config, index, chance))
      return
    }
    const { every } = config
    const from = config.from === undefined ? 0 : drawTime(config.from, clock, chance)
    const until = config.until === undefined ? Number.POSITIVE_INFINITY : drawTime(config.until, clock, chance)
    const next = (after: Nanoseconds): void => {
      const begin = after + Math.max(1, drawTime(every, undefined, chance))
      if (begin > until || begin > this.#scenario.duration) return
      this.#at(begin, () => {
        this.#begin(config, index, chance)
        next(begin)
      })
    }
    next(from)
  }

  #at(time: Nanoseconds, step: () => void): void {
    const { queue } = this.#cluster.sim
    this.#kind ??= queue.register((index) => this.#steps[index](), { name: "fault", retry: true })
    queue.at(Math.max(time, queue.now), this.#kind, this.#steps.push(step) - 1)
  }

  #begin(config: FaultConfig, index: number, chance: Random): void {
    const { now } = this.#cluster.sim
    const lasts = config.for === undefined ? Number.POSITIVE_INFINITY : drawTime(config.for, undefined, chance)
    // what ends at this moment has ended
    for (const other of this.#on) if (other.until <= now) this.#end(other)
    const entry = this.#entries[index]
    const kind = faultNamed(config.what)
    const places = placesOf(this.#cluster, this.#scenario, kind.on, config.where)
    const begun = places.flatMap((place) => this.#beginAt(place, config, entry, index))
    if (begun.length === 0) return
    entry.begun++
    const concerned = this.#runs.filter(({ client }) => begun.some(({ place }) => place.concerns(client)))
    const occurrence = new Occurrence(config, index, begun, now, now + lasts, new Aftermath(concerned, now))
    this.#on.add(occurrence)
    this.#followed.add(occurrence)
    if (this.#kept.length < MAX_RESULTS) this.#kept.push(occurrence)
    else this.#more++
    if (lasts !== Number.POSITIVE_INFINITY) this.#at(now + lasts, () => this.#end(occurrence))
  }

  #beginAt(place: FaultPlace, config: FaultConfig, entry: EntryCounts, index: number): ReadonlyArray<FaultAt> {
    const kind = faultNamed(config.what)
    const taken = [...this.#on].some((other) =>
      contradict(other.config, config) &&
      other.places.some((at) => at.on && at.place.name === place.name)
    )
    if (taken) {
      entry.taken++
      return []
    }
    if (needsPower(kind) && !this.#powered(place.name)) {
      entry.powerless++
      return []
    }
    const own = this.#cluster.sim.stream("fault", String(index), place.name, String(this.#cluster.sim.now))
    const options = optionsOf(config)
    const gateway = kind.on === "server" ? (place.at as Places["server"]).machine.gateway : null
    const active = gateway === null
      ? kind.begin(place.at, options, own)
      : beginOutside(gateway, config.what, options, kind.hits)
    if (active === null) {
      entry.impossible++
      return []
    }
    return [new FaultAt(place, active)]
  }

  #end(occurrence: Occurrence): void {
    if (!this.#on.delete(occurrence)) return
    occurrence.end(this.#cluster.sim.now)
    if (occurrence.hit) this.#entries[occurrence.index].hit = true
  }

  #powered(client: string): boolean {
    return this.#runs.some((run) => run.client.spec.name === client && run.client.power.on)
  }

  /** Faults of a client end with its machine. */
  #powerLost(client: string): void {
    for (const { config, places } of this.#on) {
      if (!needsPower(faultNamed(config.what))) continue
      for (const at of places) if (at.place.name === client) at.end()
    }
  }
}

/** It acts on a machine that runs. */
const needsPower = ({ on, sets }: FaultKind): boolean => on === "client" && sets !== "power"

const NOW = { name: "at", parameters: [{ ns: 0, ofDay: false }] } as const

const between = (from: Nanoseconds, to: Nanoseconds, chance: Random): Nanoseconds =>
  Math.round(from + chance.unit() * (to - from))
