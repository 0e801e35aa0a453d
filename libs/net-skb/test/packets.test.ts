import { Packets } from "@swaplab/net-skb"
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
    "tsval"
  ] as const
  columns.forEach((column, i) => (packets[column][frame] = i + 1))
  packets.tsecr[frame] = 99
  packets.alloc()
  // the table grows
  const copy = packets.copy(frame)
  expect(copy).not.toBe(frame)
  expect(columns.map((column) => packets[column][copy])).toEqual(columns.map((_, i) => i + 1))
  expect(packets.tsecr[copy]).toBe(99)
  packets.free(frame)
  expect(packets.inUse).toBe(2)
  packets.free(copy)
  packets.checkInvariants()
})
