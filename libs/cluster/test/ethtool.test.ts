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

describe("interrupts", () => {
  /** What a client has done within 0.3 s. */
  const client = (nic: object): { readonly interrupts: number; readonly touched: number } => {
    const { cluster } = started(scenario([{ ...TWICE, nic: { driver: "bnx2", ...nic } }]))
    cluster.sim.run(0.3e9)
    const { machine } = cluster.clients[0]
    return { interrupts: machine.nic.interrupts, touched: machine.touched }
  }

  it("are moderated by a constant, by the driver, or as ethtool -C says", () => {
    const constant = client({})
    const driver = client({ coalesce: "driver" })
    const patient = client({ coalesce: "driver", ethtool: { "rx-usecs": 500, "rx-frames": 0 } })
    // 18 us and 12 frames against 50 us; and half a millisecond, beside the interrupts for what was sent
    expect(driver.interrupts).toBeGreaterThan(constant.interrupts)
    expect(patient.interrupts).toBeLessThan(driver.interrupts / 2)
    expect(patient.touched).toBeLessThan(driver.touched)
  })

  it("of a server, too", () => {
    const of = (nic: object) => {
      const { cluster } = started(scenario([TWICE], { server: { nic } }))
      cluster.sim.run(2e9)
      return cluster.clients[0].servers[0].machine.nics[0].interrupts
    }
    expect(of({ coalesce: "driver", ethtool: { "rx-usecs": 1000 } })).toBeLessThan(of({}) / 2)
  })
})

describe("a card on USB", () => {
  const usb = { ...TWICE, nic: { driver: "smsc95xx" }, link: { rate: "100 Mbit" } } as const

  it.each(["slab-series", "slub-series"])("swaps, and every law holds: %s", (kernel) => {
    const result = runCluster(scenario([usb]), kernel, 1)
    expect(result.outcome).toBe("completed")
    expect(result.laws.filter(({ holds }) => !holds)).toEqual([])
    // transfers are no packets
    expect(result.clients[0].network.interrupts).toBeLessThan(result.clients[0].network.rxPackets)
  })

  it("is no faster than 100 Mbit, and has its own rings, moderation and features", () => {
    expect(wordsOf(load({ "s/x.yaml": withClient("nic: { driver: smsc95xx }") }))).toBe(
      "s/x.yaml: clients[0].link.rate: got 1 Gbit, expected at most 100 Mbit: smsc95xx is no faster"
    )
    const said = JSON.stringify(loaded(withClient(
      "nic: { driver: smsc95xx, rxRing: 64, interruptModeration: 20 us }, link: { rate: 100 Mbit }"
    )))
    expect(said).toContain("usbnet has four transfers of its own length")
    expect(said).toContain("a USB card interrupts at microframes of 125 us")
    expect(JSON.stringify(loaded(withClient("sysctl: { net.core.netdev_max_backlog: 9 }")))).toContain(
      "its card has NAPI"
    )
  })
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

  it.each([
    [
      withClient("nic: { coalesce: driver, ethtool: { rx-frames: 4 } }"),
      "s/x.yaml: clients[0].nic.ethtool.rx-frames: got 4, expected nothing: its driver takes only rx-usecs"
    ],
    [
      withClient("nic: { driver: r8169, coalesce: driver, ethtool: { rx-usecs: 20 } }"),
      "s/x.yaml: clients[0].nic.ethtool.rx-usecs: got 20, expected nothing: its driver has no ethtool -C (Operation not "
      + "supported)"
    ],
    [
      `${MINIMAL}\nserver: { nic: { coalesce: driver, ethtool: { rx-usecs: 5 } } }`,
      "s/x.yaml: server.nic.ethtool.rx-usecs: got 5, expected 0, 3 or 10 to 10000"
    ]
  ])("%s", (text, message) => expect(wordsOf(load({ "s/x.yaml": text }))).toBe(message))

  it.each([
    ["nic: { ethtool: { rx-usecs: 20 } }", "interrupts are moderated by a constant (coalesce)"],
    ["nic: { coalesce: driver, interruptModeration: 20 us }", "the driver moderates interrupts (coalesce)"]
  ])("says that %s has no effect: %s", (text, reason) => {
    expect(JSON.stringify(loaded(withClient(text)))).toContain(reason)
  })

  it("says that a feature is so anyway", () => {
    const said = loaded(withClient("nic: { driver: r8169, ethtool: { sg: off } }"))
    expect(JSON.stringify(said)).toContain("it is so anyway")
  })
})
