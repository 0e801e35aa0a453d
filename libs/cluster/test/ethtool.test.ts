// ethtool -K in scenarios: what it makes of the machines, and what it refuses.
import { runCluster } from "@swaplab/cluster"
import { describe, expect, it } from "vitest"
import { scenario, SMALL, started } from "./clusters.ts"
import { load, loaded, MINIMAL, withClient, wordsOf } from "./scenario-files.ts"

const LITTLE = { ...SMALL, workload: { usemem: { size: "20 MiB", passes: 1 } } } as const

/** Pages are read back. */
const TWICE = { ...SMALL, workload: { usemem: { processesPerCpu: 2, size: "48 MiB", passes: 2 } } } as const

describe("what a card is asked for", () => {
  it.each(
    [
      { driver: "e1000", ethtool: {}, sg: true, merges: true },
      { driver: "e1000", ethtool: { gro: "off" }, sg: true, merges: false },
      { driver: "e1000", ethtool: { sg: "off" }, sg: false, merges: true },
      { driver: "r8169", ethtool: {}, sg: false, merges: true },
      { driver: "r8169", ethtool: { sg: "on" }, sg: true, merges: true }
    ] as const
  )("$driver with $ethtool: long skbs $sg, merged segments $merges", ({ driver, ethtool, merges, sg }) => {
    const { cluster } = started(scenario([{ ...TWICE, nic: { driver, ethtool } }]))
    const [{ connection, machine }] = cluster.clients
    cluster.sim.run(2e9)
    expect(connection.clientSocket.tso).toBe(sg)
    expect(machine.nic.rx.gro.merged > 0).toBe(merges)
  })

  it("of a server counts for the server", () => {
    const { cluster } = started(scenario([TWICE], { server: { nic: { ethtool: { gro: "off", sg: "off" } } } }))
    cluster.sim.run(2e9)
    const [{ connection, machine, servers }] = cluster.clients
    expect([servers[0].machine.nics[0].rx.gro.merged, connection.serverSocket.tso]).toEqual([0, false])
    expect([machine.nic.rx.gro.merged > 0, connection.clientSocket.tso]).toEqual([true, true])
  })

  it.each(["slab-vanilla", "slab-series", "slub-vanilla", "slub-series"])(
    "segments are cut in software without tso, and every law holds: %s",
    (kernel) => {
      const result = runCluster(scenario([{ ...LITTLE, nic: { ethtool: { tso: "off" } } }]), kernel, 1)
      expect(result.outcome).toBe("completed")
      expect(result.laws.filter(({ holds }) => !holds)).toEqual([])
    }
  )
})

describe("what it refuses, and what changes nothing", () => {
  it.each([
    [
      withClient("nic: { ethtool: { sg: off, tso: on } }"),
      `s/x.yaml: clients[0].nic.ethtool.tso: got "on", expected off: tso falls with sg, which is off`
    ],
    [
      withClient("nic: { driver: r8169, ethtool: { tso: on } }"),
      `s/x.yaml: clients[0].nic.ethtool.tso: got "on", expected off: tso falls with sg, which is off`
    ],
    [
      `${MINIMAL}\nserver: { nic: { ethtool: { sg: off, tso: on } } }`,
      `s/x.yaml: server.nic.ethtool.tso: got "on", expected off: tso falls with sg, which is off`
    ]
  ])("%s", (text, message) => expect(wordsOf(load({ "s/x.yaml": text }))).toBe(message))

  it("says that a feature is so anyway", () => {
    const said = loaded(withClient("nic: { driver: r8169, ethtool: { sg: off } }"))
    expect(JSON.stringify(said)).toContain("it is so anyway")
  })
})
