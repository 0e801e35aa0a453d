// Rules and advice about the switches, their uplinks, and who is at which.
import {
  didYouMean,
  type Finding,
  formatPath,
  formatQuantity,
  mismatch,
  type Path,
  plural,
  quoteValue,
  type Rule,
  SIZE
} from "@swaplab/config"
import { clientsOf } from "../clients.ts"
import type { Scenario } from "../scenario.ts"
import { serversOf } from "../servers.ts"
import { switchesOf, switchNumber, type SwitchSpec } from "../switches.ts"
import { type Advice, idleFindings, isGiven, noEffect } from "./advice.ts"

/** Who says at which switch it is, and where in the scenario. */
const seats = (
  scenario: Scenario
): ReadonlyArray<{ readonly at: string | undefined; readonly path: Path; readonly ports: number }> => {
  const { applications, clients } = scenario
  return [
    ...clients.map(({ count, switch: at }, i) => ({ at, path: ["clients", i, "switch"], ports: count })),
    ...serversOf(scenario).map(({ config, path }) => ({
      at: config.switch,
      path: [...path, "switch"],
      ports: config.bond.links
    })),
    ...(applications === undefined ? [] : [{ at: applications.switch, path: ["applications", "switch"], ports: 1 }])
  ]
}

/** Ports that are certainly in use at a switch: of servers, clients and uplinks. */
const portsAt = (scenario: Scenario, all: ReadonlyArray<SwitchSpec>, number: number): number => {
  const uplinks = all.reduce(
    (sum, { uplink }, i) => uplink !== null && (i === number || uplink.to === number) ? sum + uplink.links : sum,
    0
  )
  return seats(scenario).reduce((sum, { at, ports }) => switchNumber(all, at) === number ? sum + ports : sum, uplinks)
}

/** Names that machines, all of a kind, or things of a switch have. */
const TAKEN: ReadonlyArray<string> = ["applications", "clients", "servers", "switches"]

const expectedOf = (name: string, known: ReadonlyArray<string>): string => {
  const near = didYouMean(name, known)
  return near === "" ? `: ${known.join(", ")}` : near.replace(",", ":")
}

/** A rule about each switch of the list; paths are from it. */
const eachSwitch = (
  name: string,
  of: (at: SwitchSpec, i: number, scenario: Scenario, all: ReadonlyArray<SwitchSpec>) => ReadonlyArray<Finding>
): Rule<Scenario> => ({
  name,
  broken: (scenario) => {
    const all = switchesOf(scenario.lan)
    return all.flatMap((at, i) =>
      of(at, i, scenario, all).map(({ path, text }) => ({ path: [...at.path, ...path], text }))
    )
  }
})

export const LAN_RULES: ReadonlyArray<Rule<Scenario>> = [
  eachSwitch("the reserves of all ports fit into the switch", (at, i, scenario, all) => {
    const ports = portsAt(scenario, all, i)
    return at.portReserve * ports <= at.buffer ? [] : [{
      path: ["portReserve"],
      text: `expected at most ${formatQuantity(SIZE, Math.floor(at.buffer / ports))}: ` +
        `${plural(ports, "port")} share a buffer of ${formatQuantity(SIZE, at.buffer)}`
    }]
  }),
  eachSwitch(
    "a port may hold its reserve",
    ({ path, portLimit, portReserve }) =>
      portLimit === undefined || portLimit >= portReserve ? [] : [{
        path: ["portLimit"],
        text: `expected at least ${formatPath([...path, "portReserve"])}, ${formatQuantity(SIZE, portReserve)}`
      }]
  ),
  eachSwitch("switches have names of their own", ({ name }, i, scenario, all) => {
    if (scenario.lan.switches === undefined) return []
    const machines = new Set([
      ...clientsOf(scenario, "").flatMap((of) => [of.name, of.group.name]),
      ...serversOf(scenario).flatMap((of) => [of.name, of.entry])
    ])
    const wrong = all.findIndex((other) => other.name === name) < i
      ? "a name that no other switch has"
      : machines.has(name)
      ? "a name that no machine has"
      : TAKEN.includes(name)
      ? "another name, this one is taken"
      : null
    return wrong === null ? [] : [{ path: ["name"], text: mismatch(quoteValue(name), wrong) }]
  }),
  {
    name: "uplinks lead to a switch before",
    broken: ({ lan: { switches = [] } }) =>
      switches.flatMap(({ uplink }, i): ReadonlyArray<Finding> => {
        if (uplink === undefined) return []
        const path = ["lan", "switches", i, "uplink"]
        if (i === 0) return [{ path, text: "expected none: the uplinks of the others lead to the first switch" }]
        const before = switches.slice(0, i).map(({ name }) => name)
        return uplink.to === undefined || before.includes(uplink.to) ? [] : [{
          path: [...path, "to"],
          text: mismatch(quoteValue(uplink.to), `a switch before it${expectedOf(uplink.to, before)}`)
        }]
      })
  },
  {
    name: "a machine is at a switch that there is",
    broken: (scenario) => {
      const names = switchesOf(scenario.lan).map(({ name }) => name)
      const findings = seats(scenario).flatMap(({ at, path }): ReadonlyArray<Finding> => {
        if (at === undefined || names.includes(at)) return []
        const expected = `a switch of this scenario${expectedOf(at, names)}`
        const missing = scenario.lan.switches === undefined ? "; lan.switches has several" : ""
        return [{ path, text: `${mismatch(quoteValue(at), expected)}${missing}` }]
      })
      // equal servers of one entry have one message
      return findings.filter(({ path }, i) => i === 0 || formatPath(findings[i - 1].path) !== formatPath(path))
    }
  }
]

export const LAN_ADVICE: ReadonlyArray<Advice> = [
  {
    name: "a switch without machines",
    of: ({ scenario }) => {
      const all = switchesOf(scenario.lan)
      return all.length === 1 ?
        [] :
        all.flatMap(({ name, path }, i) =>
          portsAt(scenario, all, i) > (all[i].uplink?.links ?? 0)
            ? []
            : [{ path, text: `nothing is connected to ${name}` }]
        )
    }
  },
  {
    name: "hashes over one cable",
    of: (given) => {
      const reason = "there is one link, which all frames take"
      const alone = (path: Path, links: number, keys: ReadonlyArray<string>): ReadonlyArray<Finding> =>
        links > 1
          ? []
          : keys.flatMap((key) => isGiven(given, [...path, key]) ? [noEffect(given, [...path, key], reason)] : [])
      return [
        ...(given.scenario.lan.switches ?? []).flatMap(({ uplink }, i) =>
          uplink === undefined ? [] : alone(["lan", "switches", i, "uplink"], uplink.links, ["hash"])
        ),
        ...serversOf(given.scenario).filter(({ path }, i, all) => i === 0 || all[i - 1].path[1] !== path[1]).flatMap(
          ({ config, path }) => alone([...path, "bond"], config.bond.links, ["xmitHashPolicy", "switchHash", "miimon"])
        )
      ]
    }
  },
  {
    name: "port limits under flow control",
    of: (given) =>
      (given.scenario.lan.switches ?? []).flatMap((at, i) =>
        idleFindings(
          [{
            path: ["portLimit"],
            idle: () => given.scenario.lan.flowControl,
            reason: "with flowControl senders pause, and what waits for a port is not limited"
          }],
          given,
          ["lan", "switches", i],
          at
        )
      )
  }
]
