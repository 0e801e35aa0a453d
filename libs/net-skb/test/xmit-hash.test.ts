// Which of several cables a packet takes.
import { frameHash, HASH_POLICY_NAMES, Packets, xmitHash } from "@swaplab/net-skb"
import { describe, expect, it } from "vitest"

const TCP = 6
const macs = [0x12, 0x34, 0xff]
const addresses = { mac: (host: number): number => macs[host], portSecret: 0x1234_5678 }

describe("bonding's hashes", () => {
  it("are made of what their names say", () => {
    expect(xmitHash("layer2", addresses)(0, 7, 1, 8, TCP)).toBe(0x12 ^ 0x34)
    // host n is 10.0.0.(n + 1)
    expect(xmitHash("layer2+3", addresses)(0, 7, 2, 8, TCP)).toBe(0x12 ^ 0xff ^ 1 ^ 3)
    // what has no ports has addresses only
    expect(xmitHash("layer3+4", addresses)(0, 7, 2, 8, 47)).toBe(1 ^ 3)
  })

  it("are the same in both directions, so that a switch with the same policy answers over the same cable", () => {
    for (const policy of HASH_POLICY_NAMES) {
      const hash = xmitHash(policy, addresses)
      for (let port = 0; port < 50; port++) expect(hash(0, 3, 2, port, TCP)).toBe(hash(2, port, 0, 3, TCP))
    }
  })

  it("put all connections of two machines on one cable, but for layer3+4, which spreads them", () => {
    const cables = HASH_POLICY_NAMES.map((policy) => {
      const hash = xmitHash(policy, addresses)
      const seen = [0, 0]
      for (let port = 0; port < 1000; port++) seen[hash(0, port, 1, 40, TCP) % 2]++
      return seen
    })
    expect(cables.slice(0, 2).map((seen) => Math.min(...seen))).toEqual([0, 0])
    expect(Math.min(...cables[2])).toBeGreaterThan(450)
  })
})

it("a switch has eight buckets: of three cables two get three of them", () => {
  const packets = new Packets()
  const frame = packets.datagram(0, 1, 40, 100)
  const seen = [0, 0, 0]
  for (let mac = 0; mac < 256; mac++) {
    const hash = frameHash("layer2", { mac: (host) => host === 0 ? mac : 0, portSecret: 0 }, packets)
    seen[hash(frame) % 3]++
  }
  expect(seen).toEqual([96, 96, 64])
})
