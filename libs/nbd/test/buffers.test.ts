// Memory that connections use again: what it holds, and that it is the same memory.
import { Backlog } from "#src/server/backlog.ts"
import { Buffers, Job } from "#src/server/job.ts"
import { Command, ReplyBuffer, Request } from "@swaplab/nbd"
import fc from "fast-check"
import { describe, expect, it } from "vitest"

const ROOM = 262_144
const ramp = (n: number, salt = 0): Uint8Array => Uint8Array.from({ length: n }, (_, i) => (i * 7 + salt) & 255)

describe("a backlog", () => {
  it("is a queue of bytes", () => {
    const step = fc.oneof(
      fc.record({ push: fc.nat(4000), from: fc.nat(100), cut: fc.nat(100) }),
      fc.record({ take: fc.double({ min: 0, max: 1, noNaN: true }) })
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const backlog = new Backlog()
        let model: Array<number> = []
        for (const [i, step] of steps.entries()) {
          if ("push" in step) {
            const bytes = ramp(step.push + step.from + step.cut, i)
            const to = step.from + step.push
            backlog.push(bytes, step.from, to)
            model = [...model, ...bytes.subarray(step.from, to)]
          } else {
            const n = Math.floor(step.take * model.length)
            backlog.taken(backlog.at + n)
            model = model.slice(n)
          }
          expect([...backlog.bytes.subarray(backlog.at, backlog.end)]).toEqual(model)
        }
      }),
      { seed: 20120731, numRuns: 60 }
    )
  })

  it("takes a part of more than there is room for", () => {
    const backlog = new Backlog()
    backlog.push(ramp(ROOM + 10), 0, 10)
    expect([...backlog.bytes.subarray(0, backlog.end)]).toEqual([...ramp(10)])
  })

  it.each([{ bytes: 10 }, { bytes: ROOM }])("has its room again after $bytes bytes", ({ bytes }) => {
    const backlog = new Backlog()
    backlog.push(ramp(bytes), 0, bytes)
    const room = backlog.bytes
    expect(room.length).toBe(ROOM)
    if (bytes < ROOM) {
      backlog.push(ramp(5), 0, 5)
      expect(backlog.bytes).toBe(room)
    }
    backlog.taken(backlog.end)
    expect([backlog.at, backlog.end, backlog.bytes.length]).toEqual([0, 0, 0])
    const other = new Backlog()
    other.push(ramp(bytes), 0, bytes)
    expect(other.bytes).toBe(room)
  })

  it("gets a room of its own for more, which nobody else gets", () => {
    const backlog = new Backlog()
    backlog.push(ramp(ROOM + 1), 0, ROOM + 1)
    const room = backlog.bytes
    expect(room.length).toBe(ROOM + 1)
    backlog.taken(backlog.end)
    const other = new Backlog()
    other.push(ramp(ROOM + 1), 0, ROOM + 1)
    expect(other.bytes === room).toBe(false)
  })
})

describe("the data of a job", () => {
  const read = Object.assign(new Request(), { type: Command.Read })
  const usedAgain = (buffers: Buffers, bytes: number): boolean => {
    const buffer = buffers.take(bytes)
    expect(buffer.length).toBe(bytes)
    buffers.give(buffer)
    return buffers.take(bytes) === buffer
  }

  it("has room for what a READ asks for, until it is released", () => {
    const job = new Job({ finished: () => {} })
    job.take(read, ramp(0), 0, 0, false, 4096)
    expect(job.bytes.length).toBe(4096)
    job.release()
    expect(job.bytes.length).toBe(0)
  })

  it.each([{ bytes: 512, again: true }, { bytes: 16_384, again: true }, { bytes: 16_385, again: false }])(
    "of $bytes bytes is used again: $again",
    ({ again, bytes }) => expect(usedAgain(new Buffers(), bytes)).toBe(again)
  )

  it("is copied unless it was given", () => {
    const write = Object.assign(new Request(), { type: Command.Write })
    for (const given of [true, false]) {
      const job = new Job({ finished: () => {} })
      const bytes = ramp(100)
      job.take(write, bytes, 10, 20, given, 0)
      expect([...job.bytes]).toEqual([...bytes.subarray(10, 30)])
      expect(job.bytes.buffer === bytes.buffer).toBe(given)
    }
  })

  it("is kept for sixteen sizes", () => {
    const buffers = new Buffers()
    const sizes = Array.from({ length: 40 }, (_, i) => 1000 + i)
    expect(sizes.filter((bytes) => usedAgain(buffers, bytes))).toEqual(sizes.slice(0, 16))
  })
})

describe("replies in line", () => {
  it("fill the buffer to its last byte; one that is larger goes along as it is", () => {
    const replies = new ReplyBuffer()
    expect([replies.fits(ROOM), replies.fits(ROOM + 1)]).toEqual([true, false])
    const small = ramp(7)
    const large = ramp(ROOM)
    replies.append(small)
    replies.append(large)
    expect(replies.pieces().map((piece) => piece.length)).toEqual([7, ROOM])
    expect(replies.pieces()[1]).toBe(large)
  })

  it("come out in order; copies share no memory with the buffer, views stay what they are", () => {
    const replies = new ReplyBuffer()
    const view = ramp(50, 3)
    replies.append(ramp(10))
    replies.view(view)
    replies.append(ramp(5, 9))
    const copies = replies.copies()
    expect(copies.map((piece) => [...piece])).toEqual([[...ramp(10)], [...view], [...ramp(5, 9)]])
    expect(copies.map((piece) => piece.buffer === replies.bytes.buffer)).toEqual([false, false, false])
    expect(copies[1]).toBe(view)
    expect(replies.length).toBe(65)
    const target = new Uint8Array(65)
    replies.moveTo(target)
    expect([...target]).toEqual([...ramp(10), ...view, ...ramp(5, 9)])
    expect(replies.length).toBe(0)
  })
})
