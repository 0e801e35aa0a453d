// Memory that is used again, and its limits; and the memory of a store that a large WRITE is put into.
import { Backlog } from "#src/server/backlog.ts"
import { Buffers } from "#src/server/job.ts"
import { Placement } from "#src/server/placement.ts"
import { type ByteStore, NbdError, ReplyBuffer } from "@swaplab/nbd"
import { describe, expect, it } from "vitest"

describe("memory used again", () => {
  it.each([{ given: 64, again: 64 }, { given: 65, again: 64 }])(
    "$again of $given buffers of a size",
    ({ again, given }) => {
      const buffers = new Buffers()
      const made = Array.from({ length: given }, () => buffers.take(100))
      for (const buffer of made) buffers.give(buffer)
      const taken = Array.from({ length: given }, () => buffers.take(100))
      expect(taken.filter((buffer) => made.includes(buffer)).length).toBe(again)
    }
  )

  it("the sixteen sizes are those that came first; nothing is none", () => {
    const buffers = new Buffers()
    buffers.give(new Uint8Array(0))
    for (let i = 1; i <= 17; i++) buffers.give(new Uint8Array(i))
    const kept = new Uint8Array(3)
    buffers.give(kept)
    expect(buffers.take(3)).toBe(kept)
    expect(buffers.take(16).length).toBe(16)
  })

  it("a backlog moves what it holds when its room ends, and stops at its end", () => {
    const backlog = new Backlog()
    const room = 262_144
    backlog.push(new Uint8Array(room - 2).fill(1), 0, room - 2)
    backlog.taken(room - 3)
    expect([backlog.at, backlog.end]).toEqual([room - 3, room - 2])
    backlog.push(Uint8Array.of(2, 3, 4), 0, 3)
    expect([backlog.at, backlog.end, ...backlog.bytes.subarray(0, 4)]).toEqual([0, 4, 1, 2, 3, 4])
    backlog.push(new Uint8Array(9), 5, 5)
    expect(backlog.end).toBe(4)
  })

  it("rooms of sixteen backlogs are kept", () => {
    const backlogs = Array.from({ length: 40 }, () => new Backlog())
    const rooms = backlogs.map((backlog) => {
      backlog.push(Uint8Array.of(1), 0, 1)
      return backlog.bytes
    })
    for (const backlog of backlogs) backlog.taken(1)
    const again = backlogs.map((backlog) => {
      backlog.push(Uint8Array.of(1), 0, 1)
      return rooms.includes(backlog.bytes)
    })
    expect(again.filter(Boolean).length).toBe(16)
    for (const backlog of backlogs) backlog.taken(1)
  })

  it("replies are lent and come back; 32 of them are kept", () => {
    const replies = new ReplyBuffer()
    expect(replies.renew(true)).toBe(null)
    const lent = Array.from({ length: 34 }, () => {
      replies.append(Uint8Array.of(1))
      return replies.renew(true) as Uint8Array
    })
    expect(new Set(lent).size).toBe(34)
    for (const buffer of lent) replies.giveBack(buffer)
    const again = Array.from({ length: 34 }, () => {
      replies.append(Uint8Array.of(1))
      replies.renew(true)
      return lent.includes(replies.bytes)
    })
    expect(again.filter(Boolean).length).toBe(32)
    replies.append(Uint8Array.of(1))
    expect([replies.renew(false), replies.length]).toEqual([null, 0])
  })
})

describe("a placement", () => {
  const begin = (error: number, store: Partial<ByteStore> = { room: (_, n) => new Uint8Array(Math.min(n, 4)) }) => {
    const placement = new Placement()
    placement.begin(store as ByteStore, 100, 10, error)
    return placement
  }

  it("takes what there is room for, piece by piece", () => {
    const asked: Array<ReadonlyArray<number>> = []
    const placement = begin(NbdError.Ok, {
      room: (...of) => {
        asked.push(of)
        return new Uint8Array(Math.min(of[1], 4))
      }
    })
    expect([placement.take(new Uint8Array(20), 5, 11), placement.left]).toEqual([11, 4])
    expect([placement.take(new Uint8Array(20), 0, 20), placement.left]).toEqual([4, 0])
    expect(asked).toEqual([[100, 10], [104, 6], [106, 4]])
    expect([placement.room(), placement.error]).toEqual([null, NbdError.Ok])
  })

  it("without room ends with ENOSPC, and takes the rest to nowhere", () => {
    for (const store of [{ room: () => null }, {}]) {
      const placement = begin(NbdError.Ok, store)
      expect([placement.take(new Uint8Array(20), 0, 20), placement.left, placement.error]).toEqual([
        10,
        0,
        NbdError.ENOSPC
      ])
    }
    const refused = begin(NbdError.EPERM)
    expect([refused.room(), refused.take(new Uint8Array(9), 0, 9), refused.error]).toEqual([null, 9, NbdError.EPERM])
    expect(() => refused.begin({} as ByteStore, 0, 1, 0)).toThrow("two placements")
  })
})
