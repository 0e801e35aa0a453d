// A switch that marks instead of dropping, and connections that asked for it.
import { describe, expect, it } from "vitest"
import { scenario, SMALL, started } from "./clusters.ts"

/** Two clients that write to a server on 100 Mbit: what they send waits at its port of the switch. */
const run = (tcpEcn: number) => {
  const client = { ...SMALL, count: 2, link: { rate: "1 Gbit" }, sysctl: { "net.ipv4.tcp_ecn": tcpEcn } }
  const { cluster } = started(scenario([client], {
    lan: { switch: { ecnMark: "10 KiB" } },
    server: { link: { rate: "100 Mbit" } }
  }))
  cluster.sim.run()
  const { clients, network: { switches: [{ device }] } } = cluster
  const marks = device.portMarks.reduce((sum, n) => sum + n, 0)
  const ends = clients.flatMap(({ connection }) => connection.swap.ends)
  return {
    marks,
    received: ends.reduce((sum, { mib }) => sum + mib.InCEPkts, 0),
    cuts: ends.flatMap(({ sockets }) => sockets).reduce((sum, { ecnCuts }) => sum + ecnCuts, 0),
    drops: device.portDrops.reduce((sum, n) => sum + n, 0)
  }
}

describe("lan.switch.ecnMark", () => {
  it("marks reach who asked for ECN, and cut the window", () => {
    const { cuts, drops, marks, received } = run(1)
    expect(marks).toBeGreaterThan(0)
    // a few may be on their way still
    expect(received).toBeGreaterThan(0)
    expect(received).toBeLessThanOrEqual(marks)
    expect(cuts).toBeGreaterThan(0)
    expect(drops).toBe(0)
  })

  it("nobody asked: nothing is marked", () => expect(run(2)).toMatchObject({ marks: 0, received: 0, cuts: 0 }))
})
