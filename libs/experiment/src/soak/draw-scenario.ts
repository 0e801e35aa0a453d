// From a seed to a whole scenario. Each thing is drawn from a stream of its own name, so that narrowing one changes no other.
// A drawing whose parts do not fit together, such as two faults that set the same, is drawn again.
import { decodeScenario, type FaultName, faultNamed, type LoadedScenario } from "@swaplab/cluster"
import {
  type Choices,
  type ConfigError,
  type Mapping,
  mistake,
  type Nanoseconds,
  parseQuantity,
  SIZE,
  TIME
} from "@swaplab/config"
import { PATCHES } from "@swaplab/kernel"
import { assert, Random } from "@swaplab/sim"
import { WORKLOADS, type WorkloadTable } from "@swaplab/workload"
import { Either } from "effect"
import { DIMENSIONS } from "./dimensions.ts"
import { DRAWN_KERNEL, type SoakPlan } from "./soak-file.ts"

export { DRAWN_KERNEL }

/** Names in a drawn scenario: of the groups of its clients, its servers and its switches, as many as there are. */
const GROUPS: ReadonlyArray<string> = ["client", "other"]
const SERVERS: ReadonlyArray<string> = ["server", "server-2"]
const SWITCHES: ReadonlyArray<string> = ["core", "room"]

/** What faults of each sort can be applied to. */
type Places = Readonly<Record<FaultPlace, ReadonlyArray<string>>>
type FaultPlace = ReturnType<typeof faultNamed>["on"]

/** Drawings of one seed until it is given up. */
const MAX_ATTEMPTS = 200

/**
 * How long a run goes on after its last workload, so that what is left over is seen. Where nothing goes on in the background that
 * costs nothing, and slow clients with small sockets need it.
 */
const SETTLE = { quiet: "60 s", background: "5 s" }

const oneOf = <T>(random: Random, choices: ReadonlyArray<T>): T => choices[random.below(choices.length)]

/** So many different ones. */
const someOf = <T>(random: Random, count: number, choices: ReadonlyArray<T>): ReadonlyArray<T> => {
  const left = [...choices]
  return Array.from({ length: Math.min(count, left.length) }, () => left.splice(random.below(left.length), 1)[0])
}

const rowOf = (workload: string): WorkloadTable[string] | undefined => (WORKLOADS as WorkloadTable)[workload]

/** `root` with a value put in at a path. */
const put = (root: Record<string, unknown>, [key, ...rest]: ReadonlyArray<string>, value: unknown): void => {
  if (rest.length === 0) root[key] = value
  else put((root[key] ??= {}) as Record<string, unknown>, rest, value)
}

/** Options by their choices. */
const optionsOf = (random: Random, choices: Choices): Mapping =>
  Object.fromEntries(
    Object.entries(choices).map(([key, values]) => [key, oneOf(random, values)] as const).filter(([, value]) =>
      value !== null
    )
  )

/** One drawing under way. */
class Drawing {
  readonly #plan: SoakPlan
  readonly #seed: number
  readonly #attempt: number

  constructor(plan: SoakPlan, seed: number, attempt: number) {
    this.#plan = plan
    this.#seed = seed
    this.#attempt = attempt
  }

  stream(name: string): Random {
    return new Random(this.#seed, "swarm", String(this.#attempt), name)
  }

  choices(name: string): ReadonlyArray<unknown> {
    const found = this.#plan.swarm.get(name)
    assert(found !== undefined, `a swarm has no ${name}`)
    return found
  }

  value(name: string): unknown {
    return oneOf(this.stream(name), this.choices(name))
  }

  /** A time; one that is none is the mistake of a file, which the scenario will say. */
  time(name: string): Nanoseconds {
    return parseQuantity(TIME, String(this.value(name))) ?? Number.NaN
  }

  scenario(): Mapping {
    const scenario: Record<string, unknown> = {}
    for (const [name, { of, path }] of DIMENSIONS) if (of === "scenario") this.#put(scenario, path, this.value(name))
    const groups = GROUPS.slice(0, Number(this.value("groups"))).map((name) => this.#group(scenario, name))
    const trouble = this.time("trouble")
    const places = this.#places(scenario, groups)
    const faults = this.#faults(trouble, places)
    const { hz, ...rest } = scenario
    return {
      name: `swarm-${this.#seed}`,
      seeds: [this.#seed],
      duration: ms(trouble + this.time("duration")),
      settle: groups.some(({ background }) => background !== undefined) ? SETTLE.background : SETTLE.quiet,
      ...(hz === undefined ? {} : { hz }),
      kernels: { [DRAWN_KERNEL]: this.#kernel() },
      clients: groups,
      ...rest,
      ...(faults.length > 0 && { faults }),
      expect: { default: "any" },
      series: { interval: "5 s" }
    }
  }

  #put(root: Record<string, unknown>, path: ReadonlyArray<string>, value: unknown): void {
    if (value !== null) put(root, path, value)
  }

  /** A group of clients. Those after the first draw from streams of their own, and are one client. */
  #group(scenario: Record<string, unknown>, name: string): Record<string, unknown> {
    const first = name === GROUPS[0]
    const own = (of: string): string => first ? of : `${name}: ${of}`
    const group: Record<string, unknown> = { name }
    for (const [key, { of, path }] of DIMENSIONS) {
      if (of === "group" && (first || key !== "clients.count")) {
        this.#put(group, path, oneOf(this.stream(own(key)), this.choices(key)))
      }
    }
    if (first) this.#numa(group)
    this.#loads(scenario, group, own)
    return group
  }

  /** Memory nodes. The first reaches beyond the DMA zone, and each has a CPU, so that such a client is larger than others. */
  #numa(group: Record<string, unknown>): void {
    const numa = this.value("numa") as Mapping | null
    if (numa === null) return
    const split = this.value("numaSplit") as ReadonlyArray<string>
    const bytes = split.reduce((sum, size) => sum + (parseQuantity(SIZE, size) ?? Number.NaN), 0)
    group.numa = numa.nodes === split.length ? { ...numa, split } : numa
    group.ram = `${bytes} B`
    group.cpus = Math.max(Number(group.cpus), split.length)
    delete group.count
  }

  /** Puts in the second server and the second switch, if there are any, and says what faults can be applied to. */
  #places(scenario: Record<string, unknown>, groups: ReadonlyArray<Record<string, unknown>>): Places {
    const clients = groups.flatMap(({ count, name }) =>
      Array.from({ length: Number(count ?? 1) }, (_, i) => `${name}-${i + 1}`)
    )
    const servers = SERVERS.slice(0, Number(this.value("servers")))
    const switches = SWITCHES.slice(0, Number(this.value("switches")))
    if (servers.length > 1) {
      const { server = {}, ...others } = scenario
      for (const key of Object.keys(scenario)) if (!(key in others)) delete scenario[key]
      scenario.servers = servers.map((name) => ({ name, ...server as object }))
    }
    if (switches.length > 1) {
      const [core, room] = switches
      put(scenario, ["lan", "switches"], [{ name: core }, { name: room, uplink: { rate: this.value("uplink") } }])
      for (const group of groups) group.switch = room
    }
    return {
      client: clients,
      server: servers,
      port: [
        ...servers,
        "clients",
        ...clients,
        ...switches.slice(1).map((name) => `${name}.uplink`)
      ],
      switch: switches.length > 1 ? switches : []
    }
  }

  #kernel(): Mapping {
    const random = this.stream("which patches")
    const names = someOf(random, Number(this.value("patches")), PATCHES.map(({ name }) => name))
    const patches = Object.fromEntries(names.map((name) => [name, random.below(2) === 0]))
    return {
      allocator: this.value("allocator"),
      base: this.value("base"),
      ...(names.length > 0 && { patches })
    }
  }

  #loads(scenario: Record<string, unknown>, group: Record<string, unknown>, own: (of: string) => string): void {
    // by the seed alone: a drawing that does not fit is drawn again and stays costly
    const chance = new Random(this.#seed, "swarm", own("whether costly"))
    const costly = chance.below(Number(this.value("costlyIn"))) === 0 ? [this.value("costly")] : []
    const isWorkload = (name: unknown): boolean => rowOf(String(name))?.slot === "workload"
    const names = [
      costly.find(isWorkload) ?? oneOf(this.stream(own("workloads")), this.choices("workloads")),
      ...costly.filter((name) => !isWorkload(name)),
      ...someOf(
        this.stream(own("which background")),
        Number(oneOf(this.stream(own("backgroundCount")), this.choices("backgroundCount"))),
        this.choices("background")
      )
    ].map(String)
    for (const name of names) {
      const { at = [name], slot = "background", swarm = {} } = rowOf(name) ?? {}
      for (const [key, value] of Object.entries(optionsOf(this.stream(own(name)), swarm))) {
        put(group, [slot, ...at, key], value)
      }
    }
    if (costly.length === 0) return
    delete group.count
    group.ram = this.value("costlyRam")
    group.swap = this.value("costlySwap")
    if (rowOf(names[0])?.divides === true && this.value("programs") === "server") {
      group.programs = "server"
      scenario.applications = {
        ram: this.value("costlyRam"),
        swap: this.value("costlySwap"),
        disk: this.value("costlyDisk")
      }
    }
  }

  #faults(troubleNs: Nanoseconds, places: Places): ReadonlyArray<Mapping> {
    const off = this.stream("kinds of faults")
    const kinds = (this.choices("faults") as ReadonlyArray<FaultName>).filter(() => off.below(2) === 0)
    const count = kinds.length === 0 ? 0 : Number(this.value("faultCount"))
    return Array.from({ length: count }, (_, i) => this.#fault(kinds, troubleNs, places, this.stream(`fault ${i}`)))
      .toSorted((a, b) => Number.parseFloat(String(a.at)) - Number.parseFloat(String(b.at)))
  }

  /** A fault that begins within the trouble and has ended by its end. */
  #fault(kinds: ReadonlyArray<FaultName>, troubleNs: Nanoseconds, places: Places, random: Random): Mapping {
    const what = oneOf(random, kinds)
    const { on, swarm } = faultNamed(what)
    // one switch needs no name
    const where = places[on].length === 0 ? null : oneOf(random, places[on])
    const begin = random.below(Math.max(1, Math.floor(troubleNs / 1e6) - 1))
    const left = Math.floor(troubleNs / 1e6) - begin
    const long = Math.max(1, Math.min(left, Math.round(random.exponential(left / 2))))
    return {
      what,
      ...(where === null ? {} : { where }),
      at: `${begin} ms`,
      for: `${long} ms`,
      ...optionsOf(random, swarm)
    }
  }
}

/** By its seed alone: a run of a kernel that is known to lock up goes on until that is proved. */
export const isProved = ({ swarm }: SoakPlan, seed: number): boolean => {
  const random = new Random(seed, "swarm", "whether proved")
  return random.below(Number(oneOf(random, swarm.get("provedIn") ?? [1]))) === 0
}

const ms = (ns: Nanoseconds): string => `${Math.ceil(ns / 1e6)} ms`

/** A scenario that was drawn. */
export interface Drawn {
  readonly seed: number
  readonly given: Mapping
  readonly loaded: LoadedScenario
}

/** The scenario of a seed. An error: no drawing fits together, which a file that narrows the swarm too far can cause. */
export const drawScenario = (plan: SoakPlan, seed: number): Either.Either<Drawn, ConfigError> => {
  if (plan.scenario !== null) {
    const given = { ...plan.scenario, seeds: [seed] }
    return Either.map(decodeScenario(plan.file, given), (loaded) => ({ seed, given, loaded }))
  }
  let last: ConfigError | null = null
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const given = new Drawing(plan, seed, attempt).scenario()
    const loaded = decodeScenario(`swarm-${seed}.yaml`, given)
    if (Either.isRight(loaded)) return Either.right({ seed, given, loaded: loaded.right })
    last = loaded.left
  }
  return Either.left(
    mistake(plan.file, `seed ${seed}: none of ${MAX_ATTEMPTS} drawings is a scenario; the last: ${last?.message ?? ""}`)
  )
}
