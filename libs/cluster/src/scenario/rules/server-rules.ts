// Rules and advice about the NBD servers: one or several, their names, and the places that name one.
import { didYouMean, type Finding, formatPath, mismatch, type Path, quoteValue, type Rule } from "@swaplab/config"
import { WHEN_LOST } from "@swaplab/kernel"
import { faultNamed } from "../../faults/faults.ts"
import { clientsOf } from "../clients.ts"
import { diskOf } from "../disks.ts"
import type { Scenario } from "../scenario.ts"
import { serverFor, serversCalled, serversOf, type ServerSpec } from "../servers.ts"
import { type Advice, idleFindings } from "./advice.ts"

/** What other machines and the switch are called in series and results. */
const TAKEN: ReadonlyArray<string> = ["applications", "switch"]

/** One server of each entry. */
export const serverEntries = (scenario: Scenario): ReadonlyArray<ServerSpec> => {
  const all = serversOf(scenario)
  return all.filter(({ path }, i) => i === 0 || all[i - 1].path[1] !== path[1])
}

/** Where a server may be named: by a group for its swap, and for its root. */
const references = ({ clients }: Scenario): ReadonlyArray<{ readonly name: string; readonly path: Path }> =>
  clients.flatMap(({ root, server }, i) => [
    ...(server === undefined ? [] : [{ name: server, path: ["clients", i, "server"] }]),
    ...(root?.server === undefined ? [] : [{ name: root.server, path: ["clients", i, "root", "server"] }])
  ])

export const SERVER_RULES: ReadonlyArray<Rule<Scenario>> = [
  {
    name: "one server or a list",
    broken: ({ server, servers }) =>
      server === undefined || servers === undefined ? [] : [{
        path: ["servers"],
        text: "server is given, too, expected one of the two: server for one, servers for a list"
      }]
  },
  {
    name: "servers have names of their own",
    broken: (scenario) => {
      const names = serversOf(scenario).map(({ name }) => name)
      const clients = new Set(clientsOf(scenario, "").map(({ name }) => name))
      const expected: ReadonlyArray<readonly [wrong: (name: string, i: number) => boolean, words: string]> = [
        [(name, i) => names.indexOf(name) < i, "a name that no other server has"],
        [(name) => clients.has(name), "a name that no client has"],
        [(name) => TAKEN.includes(name), "another name, this one is taken"]
      ]
      const findings = serversOf(scenario).flatMap(({ name, path }, i): ReadonlyArray<Finding> => {
        const found = expected.find(([wrong]) => wrong(name, i))
        return found === undefined ? [] : [{ path: [...path, "name"], text: mismatch(quoteValue(name), found[1]) }]
      })
      // one message for an entry
      return findings.filter(({ path }, i) => findings[i - 1]?.path[1] !== path[1])
    }
  },
  {
    name: "a group names a server",
    broken: (scenario) => {
      const all = serversOf(scenario)
      const names = [...new Set(all.flatMap(({ entry, name }) => [entry, name]))]
      return references(scenario).filter(({ name }) => serversCalled(all, name).length === 0).map(({ name, path }) => {
        const near = didYouMean(name, names)
        const expected = `a server of this scenario${near === "" ? `: ${names.join(", ")}` : near.replace(",", ":")}`
        return { path, text: mismatch(quoteValue(name), expected) }
      })
    }
  }
]

/** A client connects to a server of this entry a second time: it connects again by itself, or it boots again. */
export const connectsAgain = (scenario: Scenario, entry: string): boolean => {
  const all = serversOf(scenario)
  return scenario.faults.some(({ what }) => faultNamed(what).sets === "power") ||
    clientsOf(scenario, "").some(({ group, name }) => {
      const { dialsAgain, reboots } = WHEN_LOST[group.nbd.whenLost]
      return (dialsAgain || reboots) && serverFor(all, name, group.server).entry === entry
    })
}

export const SERVER_ADVICE: ReadonlyArray<Advice> = [
  {
    name: "fresh swap files without a second connection",
    of: (given) =>
      serverEntries(given.scenario).flatMap(({ config, entry, path }) =>
        idleFindings(
          [{
            path: ["swapFiles"],
            idle: ({ swapFiles }) => swapFiles === "fresh" && !connectsAgain(given.scenario, entry),
            reason: "no client connects again: all have whenLost: exit, and none loses its power"
          }],
          given,
          path,
          config
        )
      )
  },
  {
    name: "a page cache before memory",
    of: (given) =>
      serverEntries(given.scenario).flatMap(({ config, path }) =>
        idleFindings(
          [{
            path: ["pageCache"],
            idle: () => !diskOf(config).cached,
            reason: `${formatPath(path)}.disk is memory: nothing is ever read from behind the cache`
          }],
          given,
          path,
          config
        )
      )
  },
  {
    name: "a server that no client has",
    of: ({ scenario }) => {
      if (scenario.servers === undefined) return []
      const all = serversOf(scenario)
      const used = new Set(
        clientsOf(scenario, "").flatMap(({ group, name }) => [
          serverFor(all, name, group.server).name,
          ...(group.root?.from === "nbd" ? [serverFor(all, name, group.root.server ?? group.server).name] : [])
        ])
      )
      return serverEntries(scenario).flatMap(({ entry, path }) => {
        const idle = all.filter((server) => server.entry === entry && !used.has(server.name)).map(({ name }) => name)
        return idle.length === 0 ? [] : [{ path, text: `no client has ${idle.join(", ")}` }]
      })
    }
  }
]
