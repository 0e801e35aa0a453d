// Two switches, and cables that act as one: what runs over them, what their faults do, and what is said of mistakes.
import { runCluster, type RunResult, type ScenarioEncoded } from "@swaplab/cluster"
import { describe, expect, it } from "vitest"
import { scenario, SMALL } from "./clusters.ts"
import { load, messageOf, MINIMAL } from "./scenario-files.ts"

const workload = { usemem: { processesPerCpu: 1, size: "24 MiB", passes: 1 } } as const

const rooms = (count: number, links: number, more: Partial<ScenarioEncoded> = {}): RunResult =>
  runCluster(
    scenario([{ ...SMALL, workload, name: "far", count, switch: "room" }], {
      lan: { switches: [{ name: "core" }, { name: "room", uplink: { rate: "200 Mbit", links, hash: "layer3+4" } }] },
      ...more
    }),
    "slub-series",
    1
  )

const brokenLaws = ({ laws }: RunResult) => laws.filter(({ holds }) => !holds)

describe("an uplink", () => {
  const result = rooms(3, 1)
  it("carries what the clients behind it swap, and is where they wait", () => {
    const [{ down, name, up }] = result.network.uplinks
    expect([result.outcome, name, up.to, down.to]).toEqual(["completed", "room.uplink", "core", "room"])
    const sent = result.clients.reduce((sum, { network }) => sum + network.txBytes, 0)
    // some frames are on their way at the end
    expect(up.deliveredBytes).toBeLessThanOrEqual(sent - up.noRoomBytes)
    expect(up.deliveredBytes).toBeGreaterThan(0.98 * sent - up.noRoomBytes)
    expect(up.utilisation).toBeGreaterThan(0.3)
    expect(result.servers[0].linkInUtilisation).toBeLessThan(0.25)
    expect(up.queueHighWaterBytes).toBeGreaterThan(100_000)
    expect(brokenLaws(result)).toEqual([])
  })

  it("is in the series, as the port of each machine is, with what was lost there and why; so is the buffer of each switch", () => {
    const last = (name: string): number | undefined =>
      result.series.columns.find((column) => column.name === name)?.values.at(-1)
    const [{ down, up }] = result.network.uplinks
    for (const [way, of] of Object.entries({ down, up })) {
      const column = (name: string) => last(`room.uplink.${way}_${name}`)
      expect(["paused_ns", "lost", "unplugged", "no_room", "queue_max_bytes"].map(column)).toEqual(
        [of.pausedNs, of.lost, of.unplugged, of.noRoom, of.queueHighWaterBytes]
      )
      expect(column("busy_ns")).toBeCloseTo(of.utilisation * result.simulatedNs, -1)
    }
    expect(up.noRoom).toBeGreaterThan(0)
    const [{ drops, name, queueHighWaterBytes }] = result.network.servers
    expect(["no_room", "lost", "unplugged", "queue_max_bytes"].map((column) => last(`${name}.port_${column}`))).toEqual(
      [drops.switchBuffer, drops.lostIn + drops.lostOut, drops.unplugged, queueHighWaterBytes]
    )
    expect([last("core.buffer_bytes"), last("room.buffer_bytes")]).not.toContain(undefined)
  })
})

describe("an aggregate", () => {
  it("gives one connection one link, in both directions, whatever there is", () => {
    const { network, servers } = rooms(1, 4, {
      server: { bond: { links: 3, xmitHashPolicy: "layer3+4", switchHash: "layer3+4" } }
    })
    const used = (direction: "up" | "down", of: RunResult["network"]["members"]): number =>
      of.filter((cable) => cable[direction].deliveredFrames > 0).length
    for (const cables of [network.uplinks, network.members]) {
      expect([used("up", cables), used("down", cables)]).toEqual([1, 1])
    }
    expect(network.members.map(({ name }) => name)).toEqual(["server.1", "server.2", "server.3"])
    const busiest = Math.max(...network.members.map(({ down }) => down.utilisation))
    expect(servers[0].linkInUtilisation).toBeCloseTo(busiest / 3, 9)
  })

  it("loses a link, and its connections go over the others; a bond goes on sending into it until it looks", () => {
    const out = { at: "0 s", for: "10 s" } as const
    const both = { links: 2, xmitHashPolicy: "layer3+4", switchHash: "layer3+4", miimon: "100 ms" } as const
    const result = rooms(3, 2, {
      server: { bond: both },
      faults: [
        { what: "down", where: "room.uplink.1", ...out, at: "50 ms" },
        { what: "down", where: "server.2", ...out, at: "50 ms" }
      ] as unknown as NonNullable<ScenarioEncoded["faults"]>
    })
    expect(result.outcome).toBe("completed")
    expect(result.faults.map(({ where }) => where)).toEqual([["room.uplink.1"], ["server.2"]])
    const [first, second] = result.network.uplinks
    expect(second.up.deliveredFrames).toBeGreaterThan(4 * first.up.deliveredFrames)
    expect(result.network.members[1].up.unplugged).toBeGreaterThan(0)
    expect(result.network.members[0].down.deliveredFrames).toBeGreaterThan(
      result.network.members[1].down.deliveredFrames
    )
    expect(brokenLaws(result)).toEqual([])
  })
})

describe("a mistake is one message", () => {
  const switches = "lan: { switches: [{ name: core }, { name: room, uplink: { links: 2 } }] }"
  it.each([
    [
      "a switch that there is not",
      "lan: { switches: [{ name: core }, { name: rom }] }",
      "switch: room",
      `clients[0].switch: got "room", expected a switch of this scenario: did you mean rom?`
    ],
    [
      "a switch without a list",
      "",
      "switch: room",
      `clients[0].switch: got "room", expected a switch of this scenario: switch; lan.switches has several`
    ],
    [
      "two of one name",
      "lan: { switches: [{ name: core }, { name: core }] }",
      "count: 1",
      `lan.switches[1].name: got "core", expected a name that no other switch has`
    ],
    [
      "a machine's name",
      "lan: { switches: [{ name: server }] }",
      "count: 1",
      `lan.switches[0].name: got "server", expected a name that no machine has`
    ],
    [
      "an uplink of the first",
      "lan: { switches: [{ name: core, uplink: {} }] }",
      "count: 1",
      "lan.switches[0].uplink: expected none: the uplinks of the others lead to the first switch"
    ],
    [
      "an uplink to a later one",
      "lan: { switches: [{ name: core }, { name: a, uplink: { to: b } }, { name: b }] }",
      "count: 1",
      `lan.switches[1].uplink.to: got "b", expected a switch before it: core`
    ],
    [
      "a hash that there is not",
      "lan: { switches: [{ name: core }, { name: a, uplink: { hash: layer4 } }] }",
      "count: 1",
      `lan.switches[1].uplink.hash: got "layer4", expected layer2, layer2+3 or layer3+4`
    ],
    [
      "a cable that there is not",
      `${switches}\nfaults: [{ what: down, where: room.uplink.3, at: 1 s }]`,
      "count: 1",
      `faults[0].where: got "room.uplink.3", expected servers, server, room.uplink, room.uplink.1, room.uplink.2, clients, client, `
      + "or one client: client-1, did you mean room.uplink.1?"
    ],
    [
      "two faults of one cable",
      `${switches}\nfaults: [{ what: down, where: room.uplink, at: 1 s }, { what: flap, where: room.uplink.2, at: 2 s }]`,
      "count: 1",
      "faults[1]: contradicts faults[0], which sets the cable of the same machine at the same time"
    ],
    [
      "a switch's fault at none",
      `${switches}\nfaults: [{ what: switch-buffer, size: 64 KiB, at: 1 s }]`,
      "count: 1",
      `faults[0].where: got "switch", expected switches, core, room, did you mean switches?`
    ]
  ])("%s", (_, rest, client, message) => {
    expect(messageOf(load({ "s/x.yaml": `${MINIMAL}    ${client}\n${rest}` }))).toContain(message)
  })
})
