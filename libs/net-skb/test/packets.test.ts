import { Packets, SACK_STRIDE, SYN_SACK_PERM, SYN_WINDOW_SCALE, TCPHDR_SYN } from "@swaplab/net-skb"
import { expect, it } from "vitest"

it("a copy of a frame has every field of it and is a frame of its own", () => {
  const packets = new Packets(2)
  const frame = packets.datagram(3, 4, 5, 600)
  const columns = [
    "bytes",
    "proto",
    "src",
    "dst",
    "sport",
    "port",
    "seq",
    "ack",
    "wnd",
    "len",
    "flags",
    "tsval",
    "tsecr",
    "sackBlocks"
  ] as const
  columns.forEach((column, i) => (packets[column][frame] = i + 1))
  packets.alloc()
  // the table grows
  const copy = packets.copy(frame)
  expect(copy).not.toBe(frame)
  expect(columns.map((column) => packets[column][copy])).toEqual(columns.map((_, i) => i + 1))
  packets.free(frame)
  expect(packets.inUse).toBe(2)
  packets.free(copy)
  packets.checkInvariants()
})

it("a copy has the SACK blocks and, of a SYN, the options", () => {
  const packets = new Packets(2)
  const frame = packets.datagram(3, 4, 5, 600)
  packets.sackBlocks[frame] = 3
  packets.sackSeq.set([10, 20, 30, 40, 50, 60], frame * SACK_STRIDE)
  packets.flags[frame] = TCPHDR_SYN
  packets.synOptions[frame] = SYN_SACK_PERM | SYN_WINDOW_SCALE
  packets.synMss[frame] = 1460
  packets.synScale[frame] = 7
  packets.alloc()
  // the table grows
  const copy = packets.copy(frame)
  expect(Array.from(packets.sackSeq.subarray(copy * SACK_STRIDE, (copy + 1) * SACK_STRIDE)))
    .toEqual([10, 20, 30, 40, 50, 60])
  expect([packets.synOptions[copy], packets.synMss[copy], packets.synScale[copy]]).toEqual([5, 1460, 7])
})

it("a new frame has no SACK blocks, whatever the one before in its row had", () => {
  const packets = new Packets(2)
  const frame = packets.alloc()
  packets.sackBlocks[frame] = 2
  packets.free(frame)
  expect(packets.sackBlocks[packets.alloc()]).toBe(0)
})
