// The server is gone: what each policy of nbd-client makes of it.
import { waitGraph } from "#src/run/build-graph.ts"
import { lockupReport } from "#src/run/lockup.ts"
import { type Verdict, Watchdog, WATCHDOG_PERIOD_NS } from "#src/run/watchdog.ts"
import { type Client, type ScenarioEncoded } from "@swaplab/cluster"
import { describe, expect, it } from "vitest"
import { scenario, SMALL, type Started, started } from "./clusters.ts"

const S = 1e9

type Policy = NonNullable<NonNullable<ScenarioEncoded["clients"][number]["nbd"]>["whenLost"]>

/** One client under load, and what happens at which second. */
const run = (whenLost: Policy, script: (at: (seconds: number, what: () => void) => void, of: Started) => void) => {
  const of = started(scenario([{
    ...SMALL,
    nbd: { whenLost },
    workload: { usemem: { processesPerCpu: 2, size: "48 MiB", passes: 2 } }
  }]))
  const { sim } = of.cluster
  script((seconds, what) => sim.queue.at(seconds * S, sim.queue.register(what), 0), of)
  sim.run(300 * S)
  of.cluster.clients[0].machine.checkInvariants()
  return of
}

const linkOf = (client: Client) => client.machine.nbdLink

describe("nbd-server is killed and started again 2 s later", () => {
  const restart = (whenLost: Policy) =>
    run(whenLost, (at, { cluster: { servers: [{ machine: server }] } }) => {
      at(0.3, () => server.stop())
      at(2.3, () => server.start())
    })

  it("reboot: half a minute later the client boots, with an empty swap, and begins anew", () => {
    const { cluster: { clients: [client], servers: [{ machine: server }] }, exits } = restart("reboot")
    expect(client.connection.rebootsWanted).toBe(1)
    expect(client.power).toMatchObject({ on: true, booted: true, boots: 2 })
    // its new nbd-client has asked for the connection over the network
    expect(server.faultCounts()).toMatchObject({ connectionsKilled: 1, connectionsAccepted: 1 })
    expect(linkOf(client)).toMatchObject({ disconnects: 0, reconnects: 0, trying: false })
    expect(exits().slice(-4)).toEqual(["completed", "completed", "completed", "completed"])
    expect(client.loads[0].doneAt).toBeGreaterThan(30.3 * S)
  })

  it("reboot, and its plug is pulled meanwhile: it boots once, when the plug is back", () => {
    const { cluster: { clients: [{ power }] }, exits } = run("reboot", (at, { cluster }) => {
      const { clients: [client], servers: [{ machine: server }] } = cluster
      at(0.3, () => server.stop())
      at(2.3, () => server.start())
      at(10, () => client.power.unplug())
      at(20, () => client.power.plugIn())
      // it would have come up by itself at 30.3 s
      at(60, () => expect(client.power.boots).toBe(2))
    })
    expect(power).toMatchObject({ on: true, booted: true, boots: 2, rebooting: false })
    expect(exits().slice(-4)).toEqual(["completed", "completed", "completed", "completed"])
  })

  it("reconnect, and its plug is pulled meanwhile: the patience of its driver ends with it", () => {
    const of = started(scenario([{ ...SMALL, nbd: { whenLost: "reconnect", deadTimeout: "2 s" } }]))
    const { clients: [client], servers: [{ machine: server }], sim } = of.cluster
    const { nbd, nbdLink } = client.machine
    client.loads[0].onDone = () => {}
    const at = (seconds: number, what: () => void): void => sim.queue.at(seconds * S, sim.queue.register(what), 0)
    at(0.3, () => server.stop())
    at(1, () => client.power.unplug())
    sim.run(10 * S)
    expect(nbdLink?.disconnects).toBe(1)
    expect(nbd?.outstanding).toBeGreaterThan(0)
    expect(nbd?.counters.failed).toBe(0)
  })

  it("exit: swap is lost, and every process that needs it", () => {
    const { cluster: { clients: [client], servers: [{ machine: server }] }, exits } = restart("exit")
    const { nbd, nbdReceiver, swap } = client.machine
    expect(exits()).toEqual(["sigbus", "sigbus", "sigbus", "sigbus"])
    expect(linkOf(client)).toMatchObject({ disconnects: 1, reconnects: 0, trying: false })
    expect(nbdReceiver?.finished).toBe(true)
    expect(nbd?.connected).toBe(false)
    expect(nbd?.counters.refused).toBeGreaterThan(0)
    expect(swap.counters.readErrors).toBeGreaterThan(0)
    expect(server.faultCounts()).toMatchObject({ connectionsKilled: 1, connectionsAccepted: 0 })
    expect(client.connection.rebootsWanted).toBe(0)
    expect(client.machine.corruptions).toEqual([])
  })

  it("persist: requests fail until nbd-client is back, a second at a time", () => {
    const of = started(scenario([{ ...SMALL, nbd: { whenLost: "persist" } }]))
    const { clients: [client], servers: [{ machine: server }], sim } = of.cluster
    client.loads[0].onDone = () => {}
    const at = (seconds: number, what: () => void): void => sim.queue.at(seconds * S, sim.queue.register(what), 0)
    at(0.3, () => server.stop())
    at(2.35, () => server.start())
    sim.run(10 * S)
    expect(linkOf(client)).toMatchObject({ disconnects: 1, reconnects: 1, refused: 3, timedOut: 0, trying: false })
    expect(linkOf(client)?.downNs).toBeGreaterThan(2.9 * S)
    expect(linkOf(client)?.downNs).toBeLessThan(3.1 * S)
    expect(client.machine.nbd?.connected).toBe(true)
    expect(server.faultCounts().connectionsAccepted).toBe(1)
    expect(client.connection.swap.clientEnd.sockets.length).toBe(2)
    client.machine.checkInvariants()
  })
})

describe("a server that has forgotten the swap of its clients", () => {
  const forgetful = (more: Partial<ScenarioEncoded>, store: "kept" | "lost") => {
    const of = started(scenario([{
      ...SMALL,
      nbd: { whenLost: "reconnect" },
      workload: { usemem: { processesPerCpu: 2, size: "48 MiB", passes: 2 } }
    }], more))
    const { servers: [{ machine: server }], sim } = of.cluster
    sim.queue.at(0.3 * S, sim.queue.register(() => server.stop(store)), 0)
    sim.queue.at(1.3 * S, sim.queue.register(() => server.start()), 0)
    sim.run(300 * S)
    return { ...of, server, machine: of.cluster.clients[0].machine }
  }

  it.each(
    [
      { name: "its memory was lost", more: {}, store: "lost", event: "server stopped" },
      {
        name: "swap files are fresh",
        more: { server: { swapFiles: "fresh" } },
        store: "kept",
        event: "fresh swap file for client-1"
      }
    ] as const
  )("is to blame where $name, and nobody on the client", ({ event, more, store }) => {
    const { cluster, exits, machine, server } = forgetful(more, store)
    expect(exits()).toEqual(["lost-swap", "lost-swap", "lost-swap", "lost-swap"])
    expect(machine.corruptions).toEqual([])
    expect(machine.lostSwap.length).toBe(4)
    const number = server.life.events.findIndex(({ pagesLost }) => pagesLost > 0) + 1
    expect(server.life.events[number - 1].what).toBe(event)
    expect(machine.lostSwap.every((lost) => lost.event === number)).toBe(true)
    expect(machine.nbd?.counters.lostPages).toBeGreaterThanOrEqual(4)
    expect(server.faultCounts().pagesForgotten).toBeGreaterThan(1000)
    machine.checkInvariants()
    expect(cluster.clients[0].connection.swap.clientEnd.sockets.length).toBe(2)
  })

  it("is not there where everything was kept", () => {
    const { exits, machine } = forgetful({}, "kept")
    expect(exits()).toEqual(["completed", "completed", "completed", "completed"])
    expect([machine.lostSwap, machine.nbd?.counters.lostPages]).toEqual([[], 0])
  })
})

describe("the watchdog while the server is away for 200 s", () => {
  const AWAY = 200
  /** Every verdict with the second at which it came first, and whether the wait-for graph was ever closed. */
  const watched = (whenLost: Policy, leave: "stop" | "powerOff" | "pause", back: "start" | "powerOn" | "resume") => {
    const { cluster, exits } = started(scenario([{ ...SMALL, nbd: { whenLost, deadTimeout: "1000 s" } }]))
    const { clients: [{ connection }], servers: [{ machine: server }], sim } = cluster
    sim.queue.at(0.1 * S, sim.queue.register(() => server[leave]()), 0)
    sim.queue.at((0.1 + AWAY) * S, sim.queue.register(() => server[back]()), 0)
    const dog = new Watchdog(connection, { stallNs: S, hangNs: 120 * S })
    const first = new Map<Verdict, number>()
    let closed = false
    let words = ""
    for (let time = WATCHDOG_PERIOD_NS; time < 600 * S; time += WATCHDOG_PERIOD_NS) {
      const end = sim.run(time)
      const verdict = dog.look()
      if (!first.has(verdict)) first.set(verdict, Math.round(sim.now / S))
      if (verdict === "hang" && words === "") {
        const facts = { kind: verdict, sinceNs: 0, lastCompletionNs: 0, packetsLost: 0 }
        const { network, taxonomy } = lockupReport(connection, facts)
        words = `${taxonomy}: ${network}`
      }
      if (time % (10 * S) === 0) closed ||= waitGraph(connection, { packetsLost: 0, faults: [] }).closed
      if (end.reason === "stopped") break
    }
    return { first, closed, words, exits: exits() }
  }

  it.each(
    [
      { whenLost: "reconnect", leave: "stop", back: "start", state: "stopped" },
      { whenLost: "reconnect", leave: "powerOff", back: "powerOn", state: "off" },
      { whenLost: "exit", leave: "pause", back: "resume", state: "paused" }
    ] as const
  )("$leave, $whenLost: a stall, then a hang, no deadlock, and it goes on", ({ back, leave, state, whenLost }) => {
    const { closed, exits, first, words } = watched(whenLost, leave, back)
    expect([...first.keys()].sort()).toEqual(["hang", "progress", "stall"])
    expect(first.get("stall")).toBeLessThan(3)
    expect(first.get("hang")).toBeGreaterThanOrEqual(120)
    expect(closed).toBe(false)
    expect(words).toBe(`dead network: the server is ${state}, since 0.100 s`)
    expect(exits).toEqual(["completed", "completed", "completed", "completed"])
  })
})
