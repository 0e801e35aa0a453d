// What made page-ins wait in the network: pause frames, frames for which a switch had no room, and lost frames, each with the
// ports where it happened.
// Modelled: what the figures of a run say. That a frame was lost or a sender held back is certain, how much of the latency of one
// page came of it is not: a page may have waited elsewhere meanwhile.
// source: IEEE 802.3 annex 31B (pause); libs/lan/src/switch.ts
import { portsOf, type RunResult } from "@swaplab/cluster"
import type { SavedNetwork } from "@swaplab/experiment"
import { count, kib, percent, seconds } from "./format.ts"

/** Ports that are named: those where most happened. */
const NAMED = 3

type Port = SavedNetwork["machines"][number]

/** What the sentences need of a run. */
export const networkOf = (run: RunResult): SavedNetwork => ({
  simulatedNs: run.simulatedNs,
  servers: run.network.servers.map(({ name }) => name),
  machines: portsOf(run),
  uplinks: run.network.uplinks
})

/** `66 for server, 50 for slow-2 and 49 for slow-1 (and 3 more)`. */
const most = <A>(
  all: ReadonlyArray<A>,
  of: (one: A) => number,
  words: (one: A) => string
): string => {
  const some = all.filter((one) => of(one) > 0).toSorted((a, b) => of(b) - of(a))
  const named = some.slice(0, NAMED).map(words)
  const more = some.length - named.length
  const list = named.length < 2 || more > 0 ? named.join(", ") : `${named.slice(0, -1).join(", ")} and ${named.at(-1)}`
  return more > 0 ? `${list} and ${more} more` : list
}

const sum = <A>(all: ReadonlyArray<A>, of: (one: A) => number): number => all.reduce((total, one) => total + of(one), 0)

const held = (what: string, ns: number, network: SavedNetwork): string =>
  `pause frames kept ${what} silent for ${seconds(ns)} s, ${percent(ns / network.simulatedNs)} of the run`

/** 802.3x: who was not allowed to send, and whose frames filled the switch meanwhile. */
const pauses = (network: SavedNetwork, client: string | null): ReadonlyArray<string> => {
  const { machines, servers, uplinks } = network
  const of = ({ pausedNs }: Port): number => pausedNs
  const silent = machines.filter(({ name, pausedNs }) => servers.includes(name) && pausedNs > 0)
  const waited = most(
    machines.filter(({ name }) => !servers.includes(name)),
    ({ queueHighWaterBytes }) => queueHighWaterBytes,
    ({ name, queueHighWaterBytes }) => `${kib(queueHighWaterBytes)} KiB for ${name}`
  )
  const ways = uplinks.flatMap(({ down, name, up }) => [
    { what: `${name} towards ${up.to}`, pausedNs: up.pausedNs },
    { what: `${name} towards ${down.to}`, pausedNs: down.pausedNs }
  ]).filter(({ pausedNs }) => pausedNs > 0)
  const others = machines.filter(({ name, pausedNs }) => !servers.includes(name) && pausedNs > 0)
  const own = others.filter(({ name }) => name === client)
  return [
    ...silent.map((port) => `${held(port.name, port.pausedNs, network)}, whoever its replies were for`),
    ...ways.map(({ pausedNs, what }) => held(what, pausedNs, network)),
    ...(silent.length + ways.length > 0 && waited !== "" ? [`most that waited in a switch meanwhile: ${waited}`] : []),
    ...own.map((port) => held(port.name, port.pausedNs, network)),
    ...(client === null && others.length > 0
      ? [
        `pause frames kept clients silent: ${
          most(others, of, ({ name, pausedNs }) => `${name} ${seconds(pausedNs)} s`)
        }`
      ]
      : [])
  ]
}

/** Frames that a switch had no room for, and frames that cables lost. */
const losses = ({ machines, uplinks }: SavedNetwork): ReadonlyArray<string> => {
  const ways = uplinks.flatMap(({ down, name, up }) => [
    { name: `${name} towards ${up.to}`, noRoom: up.noRoom, lost: up.lost + up.unplugged },
    { name: `${name} towards ${down.to}`, noRoom: down.noRoom, lost: down.lost + down.unplugged }
  ])
  const places = [
    ...machines.map(({ drops: { lostIn, lostOut, switchBuffer, unplugged }, name }) => ({
      name,
      noRoom: switchBuffer,
      lost: lostIn + lostOut + unplugged
    })),
    ...ways
  ]
  const sentence = (what: string, of: (place: (typeof places)[number]) => number): ReadonlyArray<string> => {
    const all = sum(places, of)
    return all === 0
      ? []
      : [`${what} ${count(all)} frames: ${most(places, of, (place) => `${count(of(place))} for ${place.name}`)}`]
  }
  return [
    ...sentence("a switch had no room for", ({ noRoom }) => noRoom),
    ...sentence("cables lost", ({ lost }) => lost)
  ]
}

/**
 * Sentences, each of one cause that made page-ins wait in the network, with the ports where it was; none where nothing was lost
 * and nobody paused. `client`: whose pauses are of interest; null: everybody's.
 */
export const networkCauses = (network: SavedNetwork, client: string | null): ReadonlyArray<string> => [
  ...pauses(network, client),
  ...losses(network)
]
