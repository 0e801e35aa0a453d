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
  TIME
} from "@swaplab/config"
import { PATCHES } from "@swaplab/kernel"
import { assert, Random } from "@swaplab/sim"
import { WORKLOADS, type WorkloadTable } from "@swaplab/workload"
import { Either } from "effect"
import { DIMENSIONS } from "./dimensions.ts"
import type { SoakPlan } from "./soak-file.ts"

/** Name of the kernel in a drawn scenario. */
export const DRAWN_KERNEL = "drawn"

/** Drawings of one seed until it is given up. */
const MAX_ATTEMPTS = 200

/** How long a run goes on after its last workload, so that what is left over is seen. */
const SETTLE = "5 s"

const oneOf = <T>(random: Random, choices: ReadonlyArray<T>): T => choices[random.below(choices.length)]

/** So many different ones. */
const someOf = <T>(random: Random, count: number, choices: ReadonlyArray<T>): ReadonlyArray<T> => {
  const left = [...choices]
  return Array.from({ length: Math.min(count, left.length) }, () => left.splice(random.below(left.length), 1)[0])
}

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
    const group: Record<string, unknown> = { name: "client" }
    for (const [name, { of, path }] of DIMENSIONS) {
      if (of === "drawing") continue
      const value = this.value(name)
      if (value !== null) put(of === "group" ? group : scenario, path, value)
    }
    this.#loads(group)
    const trouble = this.time("trouble")
    const faults = this.#faults(trouble, Number(group.count ?? 1))
    const { hz, ...rest } = scenario
    return {
      name: `swarm-${this.#seed}`,
      seeds: [this.#seed],
      duration: ms(trouble + this.time("duration")),
      settle: SETTLE,
      ...(hz === undefined ? {} : { hz }),
      kernels: { [DRAWN_KERNEL]: this.#kernel() },
      clients: [group],
      ...rest,
      ...(faults.length > 0 && { faults }),
      expect: { default: "any" },
      series: { interval: "5 s" }
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

  #loads(group: Record<string, unknown>): void {
    const workload = String(this.value("workloads"))
    const besides = someOf(
      this.stream("which background"),
      Number(this.value("backgroundCount")),
      this.choices("background").map(String)
    )
    for (const name of [workload, ...besides]) {
      const { at, slot, swarm = {} } = (WORKLOADS as WorkloadTable)[name] ?? { slot: "background" as const, at: [name] }
      const place = [slot, ...(at ?? [name])]
      for (const [key, value] of Object.entries(optionsOf(this.stream(name), swarm))) put(group, [...place, key], value)
    }
  }

  #faults(troubleNs: Nanoseconds, clients: number): ReadonlyArray<Mapping> {
    const off = this.stream("kinds of faults")
    const kinds = (this.choices("faults") as ReadonlyArray<FaultName>).filter(() => off.below(2) === 0)
    const count = kinds.length === 0 ? 0 : Number(this.value("faultCount"))
    return Array.from({ length: count }, (_, i) => this.#fault(kinds, troubleNs, clients, this.stream(`fault ${i}`)))
      .toSorted((a, b) => Number.parseFloat(String(a.at)) - Number.parseFloat(String(b.at)))
  }

  /** A fault that begins within the trouble and has ended by its end. */
  #fault(kinds: ReadonlyArray<FaultName>, troubleNs: Nanoseconds, clients: number, random: Random): Mapping {
    const what = oneOf(random, kinds)
    const { on, swarm } = faultNamed(what)
    const client = `client-${1 + random.below(clients)}`
    const where = on === "server" ? "server" : on === "port" ? oneOf(random, ["server", "clients", client]) : client
    const begin = random.below(Math.max(1, Math.floor(troubleNs / 1e6) - 1))
    const left = Math.floor(troubleNs / 1e6) - begin
    const long = Math.max(1, Math.min(left, Math.round(random.exponential(left / 2))))
    return {
      what,
      ...(on === "switch" ? {} : { where }),
      at: `${begin} ms`,
      for: `${long} ms`,
      ...optionsOf(random, swarm)
    }
  }
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
