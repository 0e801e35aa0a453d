// The content of a stream, against plain lists.
import { StreamContent } from "#src/content.ts"
import fc from "fast-check"
import { describe, expect, it } from "vitest"

const page = () => ({ tokenWriter: 0, tokenVersion: 0 })

describe("the content of a stream", () => {
  it("is read as it was written, in whatever pieces", () => {
    const write = fc.oneof(
      fc.record({ kind: fc.constant("bytes" as const), n: fc.integer({ min: 1, max: 900 }) }),
      fc.record({ kind: fc.constant("page" as const), n: fc.nat(1000) })
    )
    const step = fc.record({
      writes: fc.array(write, { maxLength: 40 }),
      reads: fc.array(fc.integer({ min: 1, max: 500 }), { maxLength: 60 })
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => {
        const content = new StreamContent()
        /** What is there to read: bytes one by one, and pages. */
        const left: Array<number | readonly [number, number]> = []
        let [written, read, salt] = [0, 0, 0]
        for (const { reads, writes } of steps) {
          for (const { kind, n } of writes) {
            salt++
            if (kind === "page") {
              content.appendPage(n, salt)
              left.push([n, salt])
              written += 4096
            } else {
              const bytes = Uint8Array.from({ length: n }, (_, i) => (i * 3 + salt) & 255)
              content.appendBytes(bytes)
              left.push(...bytes)
              written += n
            }
            content.checkInvariants()
          }
          for (const n of reads) {
            if (left.length === 0) break
            if (typeof left[0] !== "number") {
              const out = page()
              content.readPage(out)
              expect([out.tokenWriter, out.tokenVersion]).toEqual(left.shift())
              read += 4096
            } else {
              const end = left.findIndex((piece) => typeof piece !== "number")
              const count = Math.min(n, end === -1 ? left.length : end)
              const into = new Uint8Array(count + 2).fill(99)
              content.readBytes(into, 1, count)
              expect([...into]).toEqual([99, ...left.splice(0, count), 99])
              read += count
            }
            content.checkInvariants()
          }
          expect([content.written, content.read]).toEqual([written, read])
        }
      }),
      { seed: 5, numRuns: 40 }
    )
  })

  it.each([1, 63, 64, 65, 128, 129, 300])("holds %i pieces", (n) => {
    const content = new StreamContent()
    // not from the start of its rows
    for (let i = 0; i < 7; i++) content.appendPage(0, 0)
    for (let i = 0; i < 7; i++) content.readPage(page())
    for (let i = 0; i < n; i++) content.appendPage(i, i + 1)
    for (let i = 0; i < n; i++) {
      const out = page()
      content.readPage(out)
      expect(out).toEqual({ tokenWriter: i, tokenVersion: i + 1 })
    }
    expect(content.read).toBe(4096 * (n + 7))
  })

  it.each([1, 4095, 4096, 4097, 8192, 8193, 40_000])("holds %i bytes", (n) => {
    const content = new StreamContent()
    const bytes = Uint8Array.from({ length: n }, (_, i) => (i * 31 + (i >> 8)) & 255)
    content.appendBytes(new Uint8Array(1000))
    content.readBytes(new Uint8Array(1000), 0, 1000)
    content.appendBytes(bytes.subarray(0, n >> 1))
    content.appendBytes(bytes.subarray(n >> 1))
    const into = new Uint8Array(n)
    content.readBytes(into, 0, n)
    expect(into).toEqual(bytes)
  })

  it("takes no bytes for nothing", () => {
    const content = new StreamContent()
    content.appendBytes(new Uint8Array(0))
    content.appendPage(3, 4)
    const out = page()
    content.readPage(out)
    expect(out).toEqual({ tokenWriter: 3, tokenVersion: 4 })
  })

  it("refuses to be read otherwise", () => {
    const content = new StreamContent()
    expect(() => content.readPage(page())).toThrow("beyond what was written")
    expect(() => content.readBytes(new Uint8Array(1), 0, 1)).toThrow("beyond what was written")
    content.appendBytes(new Uint8Array(3))
    expect(() => content.readPage(page())).toThrow("sent bytes")
    content.readBytes(new Uint8Array(3), 0, 3)
    content.appendPage(1, 1)
    expect(() => content.readBytes(new Uint8Array(1), 0, 1)).toThrow("sent a page")
  })
})
