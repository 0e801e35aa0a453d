import { netdevFragBytes } from "#src/netdev-alloc.ts"
import { DATAGRAM_RCVBUF, ETHERNET_OVERHEAD_BYTES, skbDataArea } from "#src/sizes.ts"
import { MSS, skbTruesize, TCP_HEADER_BYTES, tcpMem, tcpRmem, tcpWmem, wireBytes } from "@swaplab/net-skb"
import { describe, expect, it } from "vitest"

describe("buffer limits from free pages", () => {
  it.each([
    { pages: 120_000, mem: [11250, 15000, 22500], wmem: 3_840_000, rmem: 3_840_000 },
    { pages: 500_000, mem: [46875, 62500, 93750], wmem: 4_194_304, rmem: 6_291_456 },
    { pages: 100, mem: [96, 128, 192], wmem: 65536, rmem: 87380 }
  ])("$pages pages: tcp_mem $mem", ({ pages, mem, wmem, rmem }) => {
    expect(tcpMem(pages)).toEqual(mem)
    expect(tcpWmem(pages)).toEqual([4096, 16384, wmem])
    expect(tcpRmem(pages)).toEqual([4096, 87380, rmem])
  })
})

describe("sizes of buffers", () => {
  it.each([
    { payload: 272, area: 640 },
    { payload: 576, area: 896 },
    { payload: 1586, area: 1920 },
    { payload: 1728, area: 2048 }
  ])("data area for $payload bytes: $area", ({ payload, area }) => expect(skbDataArea(payload)).toBe(area))

  it.each([
    { packet: 1522, fragment: 1920 },
    { packet: 1536, fragment: 1920 },
    { packet: 512, fragment: 896 }
  ])(
    "fragment for packets of $packet bytes: $fragment",
    ({ packet, fragment }) => expect(netdevFragBytes(packet)).toBe(fragment)
  )

  it("charges head, shared info and buffer", () => {
    expect(skbTruesize(1024 - 320)).toBe(1280)
    expect(skbTruesize(2048 - 320)).toBe(2304)
    expect(skbTruesize(1600)).toBe(1920 + 256)
    expect(DATAGRAM_RCVBUF).toBe(212_992)
  })

  it.each([
    { pages: 1, packets: 3, skbs: 1 },
    { pages: 8, packets: 23, skbs: 1 },
    { pages: 31, packets: 88, skbs: 2 }
  ])("$pages pages: $packets packets of a read reply, $skbs skbs of a write", ({ pages, packets, skbs }) => {
    expect(Math.ceil((16 + 4096 * pages) / MSS)).toBe(packets)
    expect(Math.ceil((28 + 4096 * pages) / 65160)).toBe(skbs)
  })

  it("takes 35 µs of a gigabit line for a page reply", () => {
    const segment = (len: number): number => wireBytes(len + TCP_HEADER_BYTES)
    const bytes = segment(MSS) * 2 + segment(4112 - 2 * MSS)
    expect(bytes).toBe(4112 + 3 * (52 + ETHERNET_OVERHEAD_BYTES))
    expect(Math.round((bytes * 8) / 1000)).toBe(35)
    expect(wireBytes(40)).toBe(84)
  })
})
