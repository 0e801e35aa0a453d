// Explicit congestion notification between two machines whose wire marks frames.
import { INET_ECN_CE, INET_ECN_ECT, TCPHDR_CWR, TCPHDR_ECE } from "@swaplab/net-skb"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { ToyNetwork } from "./toy.ts"

const S = 1e9
const ECN = { "net.ipv4.tcp_ecn": 1 }

/** A client that sends pages to a server over a wire that marks data frames; `every`-th of those that may be. */
const transfer = (every: number, count = 400, sysctls: object = ECN, serverSysctls: object = {}) => {
  const net = new ToyNetwork({ sysctls, serverSysctls, latencyNs: 100_000 })
  const { ab, ba, client, packets, server, sim } = net
  const seen = { data: 0, ect: 0, marked: 0, cwr: 0, cwrShort: 0, ece: 0, reverseEct: 0 }
  ab.onFrame = (f) => {
    if (packets.len[f] === 0) return true
    seen.data++
    if ((packets.flags[f] & TCPHDR_CWR) !== 0) seen.cwr++
    if ((packets.flags[f] & INET_ECN_ECT) === 0) return true
    if (++seen.ect % every !== 0) return true
    packets.flags[f] |= INET_ECN_CE
    seen.marked++
    return true
  }
  ba.onFrame = (f) => {
    if ((packets.flags[f] & TCPHDR_ECE) !== 0) seen.ece++
    if ((packets.flags[f] & INET_ECN_ECT) !== 0) seen.reverseEct++
    return true
  }
  net.spawn("sends", function*(task) {
    for (let i = 0; i < count; i++) yield* client.sendPage(task, 1, i, false)
  })
  const page = { tokenWriter: 0, tokenVersion: 0 }
  let pages = 0
  net.spawn("reads", function*(task) {
    while ((yield* server.recvPage(task, page)) === PAGE_SIZE && page.tokenVersion === pages) {
      if (++pages === count) return
    }
  })
  sim.run(60 * S)
  expect(pages).toBe(count)
  client.checkInvariants()
  return { client, server, seen }
}

describe("ECN", () => {
  it("marks reach the receiver, the window is cut, and nothing is sent again", () => {
    const { client, seen, server } = transfer(200)
    expect(seen.marked).toBeGreaterThan(3)
    expect(seen).toMatchObject({ ect: seen.data, reverseEct: 0 })
    expect(server.mib.InCEPkts).toBe(seen.marked)
    // a cut for each mark: they are further apart than a window; TSO has put CWR on one frame each
    expect([client.ecnCuts, seen.cwr]).toEqual([seen.marked, seen.marked])
    expect(client).toMatchObject({ retransmitted: 0, timeouts: 0 })
    expect(client.ssthresh).toBeLessThan(1000)
  })

  it("marks on every frame cut the window once for each round trip, down to its least, where it waits for delayed ACKs", () => {
    const { client, seen } = transfer(1, 80)
    expect(client.ecnCuts).toBeGreaterThan(5)
    expect(client.ecnCuts).toBeLessThanOrEqual(seen.marked)
    expect(client.cwnd).toBeLessThan(5)
    expect(seen.ece).toBeGreaterThan(client.ecnCuts)
  })

  it.each([
    { asks: 2, grants: 2, has: false },
    { asks: 1, grants: 0, has: false },
    { asks: 0, grants: 1, has: false },
    { asks: 1, grants: 2, has: true }
  ])("with tcp_ecn $asks at one end and $grants at the other: $has", ({ asks, grants, has }) => {
    const { client, seen } = transfer(200, 400, { "net.ipv4.tcp_ecn": asks }, { "net.ipv4.tcp_ecn": grants })
    expect([seen.ect > 0, seen.ece > 0, client.ecnCuts > 0]).toEqual([has, has, has])
  })
})
