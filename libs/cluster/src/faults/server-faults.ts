// Faults of NBD servers.
// Modelled: see libs/server-model (nbd-service.ts): what the kernel does with the sockets of processes that were killed, that
// are stopped, or of a machine without power.
import { choice, field } from "@swaplab/config"
import type { ServerMachine, StoreFate } from "@swaplab/server-model"
import { type ActiveFault, faultKind } from "./fault-kind.ts"

const store = field(
  choice("kept", "lost"),
  "kept",
  "What becomes of the pages that clients have swapped out: kept, as files on a disk are, or lost, as memory and a tmpfs are. "
    + "With `swapFiles: fresh` of the server a client that connects again has lost its pages in any case. A server with a disk "
    + "that loses its power loses, too, what its page cache had not written back."
)

/** What a server has done since now. */
const sinceNow = ({ life, net }: ServerMachine): () => ReturnType<ActiveFault["effects"]> => {
  const { connectionsKilled, unanswered } = life
  const events = life.events.length
  const { refused } = net.services
  return () => [
    ["connections killed", life.connectionsKilled - connectionsKilled],
    ["requests unanswered", life.unanswered - unanswered],
    ["attempts to connect refused", net.services.refused - refused],
    ["pages of swap lost", life.events.slice(events).reduce((sum, { pagesLost }) => sum + pagesLost, 0)]
  ]
}

/** nbd-server is killed; at the end of the fault it starts again. */
const killed = (
  { machine }: { readonly machine: ServerMachine },
  options: { readonly store: StoreFate }
): ActiveFault => {
  const effects = sinceNow(machine)
  machine.stop(options.store)
  return { end: () => machine.start(), effects }
}

const lostWords = (options: { readonly store: StoreFate }): string => options.store === "lost" ? ", its swap lost" : ""

export const restart = faultKind({
  on: "server",
  meaning: "nbd-server is killed and starts again after `for`: its connections end",
  sets: "server",
  cause: "network",
  hits: "connections killed",
  needsEnd: true,
  options: { store },
  swarm: { store: ["kept", "kept", "lost"] },
  begin: killed,
  describe: (options) => `restart of nbd-server${lostWords(options)}`
})

export const stop = faultKind({
  on: "server",
  meaning: "nbd-server is killed; it starts again only where `for` is given",
  sets: "server",
  cause: "network",
  hits: "connections killed",
  options: { store },
  swarm: { store: ["kept", "kept", "lost"] },
  begin: killed,
  describe: (options) => `nbd-server stopped${lostWords(options)}`
})

export const pause = faultKind({
  on: "server",
  meaning: "nbd-server is stopped as by SIGSTOP: its kernel acknowledges what comes, and nobody answers",
  sets: "server",
  cause: "network",
  hits: "requests that waited",
  options: {},
  swarm: {},
  begin: ({ machine }) => {
    let waited = 0
    machine.pause()
    return {
      end: () => {
        waited = waiting(machine)
        machine.resume()
      },
      effects:
        () => [["requests that waited", Math.max(waited, machine.life.state === "paused" ? waiting(machine) : 0)]]
    }
  },
  describe: () => "nbd-server stopped by SIGSTOP"
})

/** Connections on which something waits to be read, and requests that were read and not answered. */
const waiting = ({ connections, server: { stats } }: ServerMachine): number =>
  stats.resident + connections.filter(({ serverSocket }) => serverSocket.readable > 0).length

export const serverPowerOff = faultKind({
  on: "server",
  meaning: "the server loses its power: no FIN, no RST, whatever is sent to it vanishes until it is back",
  sets: "server",
  cause: "network",
  hits: "connections killed",
  options: { store },
  swarm: { store: ["kept", "kept", "lost"] },
  begin: ({ machine }, options) => {
    const effects = sinceNow(machine)
    machine.powerOff(options.store)
    return { end: () => machine.powerOn(), effects }
  },
  describe: (options) => `the server without power${lostWords(options)}`
})
