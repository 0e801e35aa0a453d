// What is asked of the faults of a scenario: places that exist and fit, one way to say when, times within the run, and no two
// that contradict each other.
import {
  didYouMean,
  type Distribution,
  type Finding,
  firstMoment,
  formatDistribution,
  formatQuantity,
  meanTime,
  mismatch,
  mistakeIn,
  type Path,
  quoteValue,
  type Rule,
  TIME
} from "@swaplab/config"
import type { PlaceKind } from "../../faults/fault-kind.ts"
import { faultNamed } from "../../faults/faults.ts"
import { clientsOf } from "../clients.ts"
import { diskOf } from "../disks.ts"
import { contradict } from "../fault-contradiction.ts"
import {
  ALL_CLIENTS,
  ALL_SERVERS,
  ALL_SWITCHES,
  cableNamesOf,
  cablesByThemselves,
  clientsNamed,
  serversNamed,
  switchesNamed
} from "../fault-names.ts"
import { type FaultConfig, optionsOf } from "../faults.ts"
import type { Scenario } from "../scenario.ts"
import { serversOf } from "../servers.ts"
import { switchesOf } from "../switches.ts"
import type { Advice } from "./advice.ts"

const NAMES_OF: Readonly<Record<PlaceKind, (scenario: Scenario) => ReadonlyArray<string>>> = {
  port: (scenario) => [
    ...serverNames(scenario),
    ...(scenario.applications === undefined ? [] : ["applications"]),
    ...cablesByThemselves(scenario),
    ...clientNames(scenario)
  ],
  client: (scenario) => clientNames(scenario),
  server: (scenario) => serverNames(scenario),
  switch: (
    { lan }
  ) => [...(lan.switches === undefined ? [] : [ALL_SWITCHES]), ...switchesOf(lan).map(({ name }) => name)]
}

const serverNames = (scenario: Scenario): ReadonlyArray<string> => [
  ALL_SERVERS,
  ...new Set(serversOf(scenario).map(({ entry }) => entry))
]

const clientNames = ({ clients }: Scenario): ReadonlyArray<string> => [ALL_CLIENTS, ...clients.map(({ name }) => name)]

/** `client-1 to client-3, hog-1`. */
const clientsOfGroups = ({ clients }: Scenario): string =>
  clients.map(({ count, name }) => count === 1 ? `${name}-1` : `${name}-1 to ${name}-${count}`).join(", ")

/** The machines, cables or switches that a name stands for; empty: none that this kind can be applied to. */
const PLACES_OF: Readonly<Record<PlaceKind, (scenario: Scenario, name: string) => ReadonlyArray<string>>> = {
  port: cableNamesOf,
  client: clientsNamed,
  server: (scenario, name) => serversNamed(serversOf(scenario), name).map((server) => server.name),
  switch: switchesNamed
}

const machinesOf = (scenario: Scenario, on: PlaceKind, name: string): ReadonlyArray<string> =>
  PLACES_OF[on](scenario, name)

/** A rule about each fault; paths are from the fault. */
const eachFault = (
  name: string,
  of: (fault: FaultConfig, scenario: Scenario) => ReadonlyArray<Finding>
): Rule<Scenario> => ({
  name,
  broken: (scenario) =>
    scenario.faults.flatMap((fault, i) =>
      of(fault, scenario).map(({ path, text }) => ({ path: ["faults", i, ...path], text }))
    )
})

/** The moments that a fault names, with their keys. */
const momentsOf = ({ at, between, from, until }: FaultConfig): ReadonlyArray<readonly [Path, Distribution]> => [
  ...(at === undefined ? [] : [[["at"], at] as const]),
  ...(between ?? []).map((moment, i) => [["between", i], moment] as const),
  ...(from === undefined ? [] : [[["from"], from] as const]),
  ...(until === undefined ? [] : [[["until"], until] as const])
]

/** Beginnings of an entry in a run, at most. */
const MAX_BEGINNINGS = 100_000

/** The shortest mean of `every`. */
const leastEvery = ({ duration }: Scenario): number => Math.ceil(duration / MAX_BEGINNINGS)

const WAYS = ["at", "between", "every"] as const

const constant = (time: Distribution | undefined, clock: number | undefined): number | null =>
  time?.name === "at" ? firstMoment(time, clock) : null

/** From when to when a fault is on, where no chance has a part in it. */
const spanOf = (fault: FaultConfig, { clock }: Scenario): readonly [from: number, to: number] | null => {
  const from = constant(fault.at, clock)
  if (from === null) return null
  if (fault.for === undefined) return [from, Number.POSITIVE_INFINITY]
  const length = constant(fault.for, undefined)
  return length === null ? null : [from, from + length]
}

/** A slow disk of a server whose disk is memory changes nothing. */
export const FAULT_ADVICE: Advice = {
  name: "a slow disk in front of memory",
  of: ({ scenario }) =>
    scenario.faults.flatMap(({ what, where }, i) => {
      const all = serversOf(scenario)
      const idle = faultNamed(what).sets === "disk" &&
        where.every((name) => serversNamed(all, name).every(({ config }) => !diskOf(config).cached))
      return idle
        ? [{ path: ["faults", i], text: `${what} has no effect: the server's disk is memory` }]
        : []
    })
}

export const FAULT_RULES: ReadonlyArray<Rule<Scenario>> = [
  eachFault("a fault happens at machines that exist", ({ what, where }, scenario) => {
    const { on } = faultNamed(what)
    return where.flatMap((name, i): ReadonlyArray<Finding> => {
      if (machinesOf(scenario, on, name).length > 0) return []
      const known = NAMES_OF[on](scenario)
      const clients = on === "client" || on === "port"
      const one = clients ? `, or one client: ${clientsOfGroups(scenario)}` : ""
      const near = clients ? [...known, ...clientsOf(scenario, "").map((of) => of.name)] : known
      const text = `${mismatch(quoteValue(name), known.join(", "))}${one}${didYouMean(name, near)}`
      return [{ path: where.length === 1 ? ["where"] : ["where", i], text }]
    })
  }),
  eachFault("a thin client keeps its power", ({ what, where }, scenario) => {
    if (faultNamed(what).sets !== "power") return []
    const thin = scenario.clients.filter(({ programs }) => programs === "server").map(({ name }) => name)
    return where.flatMap((name, i) => {
      const group = thin.find((of) =>
        clientsNamed(scenario, name).some((client) => clientsNamed(scenario, of).includes(client))
      )
      return group === undefined ? [] : [{
        path: where.length === 1 ? ["where"] : ["where", i],
        text:
          `${
            mismatch(quoteValue(name), "clients whose programs run on themselves")
          }: those of ${group} run on a server, `
          + "and what becomes of them without their screen is not modelled"
      }]
    })
  }),
  eachFault("a fault happens at each machine once", ({ what, where }, scenario) => {
    const { on } = faultNamed(what)
    const seen = new Map<string, string>()
    return where.flatMap((name, i) => {
      const twice = machinesOf(scenario, on, name).find((machine) => seen.has(machine))
      for (const machine of machinesOf(scenario, on, name)) seen.set(machine, name)
      return twice === undefined ? [] : [{
        path: ["where", i],
        text: `${mismatch(quoteValue(name), "each machine once")}: ${twice} is named before`
      }]
    })
  }),
  eachFault("a fault says in one way when it begins", (fault) => {
    const given = WAYS.filter((way) => fault[way] !== undefined)
    if (given.length === 1) return []
    return given.length === 0
      ? [{ path: [], text: "missing, expected one of at, between and every: when it begins" }]
      : [{ path: [given[1]], text: `expected one of at, between and every, and ${given[0]} is given` }]
  }),
  eachFault(
    "from and until belong to every",
    (fault) =>
      fault.every !== undefined ? [] : (["from", "until"] as const).flatMap((key) =>
        fault[key] === undefined
          ? []
          : [{ path: [key], text: "expected beside every only: it says between which times a fault comes again" }]
      )
  ),
  eachFault(
    "the times of a fault are times of the run",
    (fault, { clock, duration }) =>
      momentsOf(fault).flatMap(([path, moment]) => {
        const late = path[0] !== "until" && firstMoment(moment, clock) >= duration
        const expected = mistakeIn(moment, clock)
          ?? (late ? `a time before the end of the run, whose duration is ${formatQuantity(TIME, duration)}` : null)
        return expected === null ? [] : [{ path, text: mismatch(quoteValue(formatDistribution(moment)), expected) }]
      })
  ),
  eachFault("between is two times in order", ({ between }, { clock }) => {
    if (between === undefined) return []
    const drawn = between.findIndex(({ name }) => name !== "at")
    if (drawn >= 0) {
      const found = quoteValue(formatDistribution(between[drawn]))
      return [{ path: ["between", drawn], text: mismatch(found, "a time such as 10 s or 09:00, and no distribution") }]
    }
    const [from, to] = between.map((moment) => firstMoment(moment, clock))
    return from < to ? [] : [{
      path: ["between", 1],
      text: mismatch(quoteValue(formatDistribution(between[1])), `a time after ${formatDistribution(between[0])}`)
    }]
  }),
  eachFault("until comes after from", ({ from, until }, { clock }) => {
    const [first, last] = [constant(from, clock), constant(until, clock)]
    return until === undefined || last === null || last > (first ?? 0) ? [] : [{
      path: ["until"],
      text: mismatch(
        quoteValue(formatDistribution(until)),
        from === undefined ? "a time after the start" : `a time after from, ${formatDistribution(from)}`
      )
    }]
  }),
  eachFault("a fault lasts some time", (fault) =>
    constant(fault.for, undefined) === 0
      ? [{ path: ["for"], text: mismatch(`"0 ns"`, "a time above 0, or no key: then it lasts to the end") }]
      : []),
  eachFault(
    "a fault that must end says when",
    (fault) =>
      faultNamed(fault.what).needsEnd === true && fault.for === undefined
        ? [{ path: [], text: `missing for, expected how long it lasts: ${faultNamed(fault.what).meaning}` }]
        : []
  ),
  eachFault("a fault does not come again all the time", ({ every }, scenario) => {
    const least = leastEvery(scenario)
    return every === undefined || meanTime(every) >= least ? [] : [{
      path: ["every"],
      text: mismatch(
        quoteValue(formatDistribution(every)),
        `at least ${formatQuantity(TIME, least)} on average: a fault begins ${MAX_BEGINNINGS} times in a run at most`
      )
    }]
  }),
  eachFault("a fault comes within the run", (fault, { clock, duration }) => {
    const [every, from, until] = [fault.every, fault.from, fault.until].map((time) => constant(time, clock))
    if (every === null || (fault.from !== undefined && from === null)) return []
    const first = (from ?? 0) + every
    if (first >= duration) {
      const expected = `less than ${formatQuantity(TIME, duration - (from ?? 0))}: else it never begins`
      return (from ?? 0) >= duration
        ? []
        : [{ path: ["every"], text: mismatch(quoteValue(formatQuantity(TIME, every)), expected) }]
    }
    return fault.until === undefined || until === null || until >= first || until <= (from ?? 0) ? [] : [{
      path: ["until"],
      text: mismatch(
        quoteValue(formatDistribution(fault.until)),
        `a time from ${formatQuantity(TIME, first)} on, when it begins first`
      )
    }]
  }),
  eachFault("a fault ends before it comes again", (fault, scenario) => {
    if (fault.every === undefined) return []
    if (fault.for === undefined) {
      // of a kind that needs an end it is told already
      return faultNamed(fault.what).needsEnd === true
        ? []
        : [{ path: [], text: "missing for, expected how long it lasts: it comes again" }]
    }
    const every = constant(fault.every, undefined)
    if (every === null || every < leastEvery(scenario)) return []
    const length = constant(fault.for, undefined)
    return length === null || length < every ? [] : [{
      path: ["for"],
      text: mismatch(quoteValue(formatDistribution(fault.for)), `less than every, ${formatQuantity(TIME, every)}`)
    }]
  }),
  eachFault(
    "a fault has options that fit together",
    (fault) =>
      (faultNamed(fault.what).rules ?? []).filter((rule) => !rule.holds(optionsOf(fault))).map((rule) => ({
        path: rule.path,
        text: rule.words(optionsOf(fault))
      }))
  ),
  {
    name: "no two faults contradict each other",
    broken: (scenario) =>
      scenario.faults.flatMap((fault, i): ReadonlyArray<Finding> => {
        const span = spanOf(fault, scenario)
        if (span === null) return []
        const { on, sets } = faultNamed(fault.what)
        const places = new Set(fault.where.flatMap((name) => machinesOf(scenario, on, name)))
        const first = scenario.faults.findIndex((other, j) => {
          if (j >= i || !contradict(fault, other)) return false
          const otherSpan = spanOf(other, scenario)
          if (otherSpan === null || otherSpan[1] <= span[0] || otherSpan[0] >= span[1]) return false
          return other.where.some((name) => machinesOf(scenario, on, name).some((machine) => places.has(machine)))
        })
        return first < 0 ? [] : [{
          path: ["faults", i],
          text: `contradicts faults[${first}], which sets the ${sets} of the same machine at the same time`
        }]
      })
  }
]
