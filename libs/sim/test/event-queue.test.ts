import { AssertionError } from "#src/assert.ts"
import { MAX_EVENTS_PER_INSTANT, MAX_TIME } from "#src/event-queue.ts"
import { EventQueue } from "@swaplab/sim"
import fc from "fast-check"
import { describe, expect, it } from "vitest"

/** The queue of the textbook: a list kept sorted by time, then by order of arrival. */
class SortedArray {
  now = 0
  #seq = 0
  readonly #events: Array<{ time: number; seq: number; kind: number; arg: number }> = []

  at(time: number, kind: number, arg: number): void {
    this.#events.push({ time, seq: this.#seq++, kind, arg })
    this.#events.sort((a, b) => a.time - b.time || a.seq - b.seq)
  }

  step(): string {
    const event = this.#events.shift()
    if (event === undefined) return "empty"
    this.now = event.time
    return `${event.kind}(${event.arg})@${event.time}`
  }

  get size(): number {
    return this.#events.length
  }
}

describe("order of events", () => {
  it("fires like a sorted array, whatever is scheduled and fired in between", () => {
    const command = fc.oneof(
      { weight: 3, arbitrary: fc.record({ delay: fc.nat(6), kind: fc.nat(2), arg: fc.integer() }) },
      { weight: 1, arbitrary: fc.record({ delay: fc.nat(1e9), kind: fc.nat(2), arg: fc.integer() }) },
      { weight: 3, arbitrary: fc.constant(null) }
    )
    fc.assert(
      fc.property(fc.array(command, { maxLength: 200 }), (commands) => {
        const queue = new EventQueue()
        const model = new SortedArray()
        let last = ""
        const kinds = [0, 1, 2].map((kind) =>
          queue.register((arg) => {
            last = `${kind}(${arg})@${queue.now}`
          })
        )
        const step = (): void => {
          queue.step()
          expect(last).toBe(model.step())
        }
        for (const command of commands) {
          if (command !== null) {
            queue.after(command.delay, kinds[command.kind], command.arg)
            model.at(model.now + command.delay, command.kind, command.arg)
          } else if (queue.size > 0) {
            step()
          }
          queue.checkInvariants()
          expect(queue.size).toBe(model.size)
        }
        while (queue.size > 0) step()
      }),
      { seed: 20120704, numRuns: 300 }
    )
  })

  it("fires events of one instant in the order in which they were scheduled, also beyond the first capacity", () => {
    const queue = new EventQueue()
    const seen: Array<number> = []
    const kind = queue.register((arg) => seen.push(arg))
    for (let i = 0; i < 5000; i++) queue.at(7, kind, i)
    while (queue.size > 0) queue.step()
    expect(seen).toEqual(Array.from({ length: 5000 }, (_, i) => i))
    expect(queue.fired).toBe(5000)
  })

  it("lets a handler schedule at its own instant: after those already queued for it", () => {
    const queue = new EventQueue()
    const seen: Array<string> = []
    const late = queue.register(() => seen.push("late"))
    const first = queue.register(() => {
      seen.push("first")
      queue.after(0, late, 0)
    })
    const second = queue.register(() => seen.push("second"))
    queue.at(5, first, 0)
    queue.at(5, second, 0)
    while (queue.size > 0) queue.step()
    expect(seen).toEqual(["first", "second", "late"])
    expect(queue.now).toBe(5)
  })
})

describe("limits", () => {
  it("refuses the past, a time beyond 2^53 and a fraction of a nanosecond", () => {
    const queue = new EventQueue()
    const kind = queue.register(() => {})
    queue.at(100, kind, 0)
    queue.step()
    expect(() => queue.at(99, kind, 0)).toThrow(AssertionError)
    expect(() => queue.at(Number.NaN, kind, 0)).toThrow(AssertionError)
    expect(() => queue.at(100.5, kind, 0)).toThrow("whole number of nanoseconds")
    expect(() => queue.at(MAX_TIME + 1, kind, 0)).toThrow("beyond 2^53")
    expect(MAX_TIME).toBe(2 ** 53 - 1)
    queue.at(MAX_TIME, kind, 0)
    queue.at(MAX_TIME - 1, kind, 1)
    queue.step()
    expect(queue.now).toBe(2 ** 53 - 2)
    queue.step()
    expect(queue.now).toBe(2 ** 53 - 1)
    expect(() => queue.after(1, kind, 0)).toThrow(AssertionError)
  })

  it("declares a livelock when time stands still", () => {
    const queue = new EventQueue()
    const kind = queue.register(() => queue.after(0, kind, 0))
    queue.at(1, kind, 0)
    expect(() => {
      for (;;) queue.step()
    }).toThrow("livelock")
    expect(queue.fired).toBe(MAX_EVENTS_PER_INSTANT)
    expect(queue.now).toBe(1)
  })
})

describe("pending work", () => {
  it("counts, per group, what is under way, and leaves out polls and time-outs", () => {
    const queue = new EventQueue()
    const frame = queue.register(() => {}, { group: 1 })
    const burst = queue.register(() => {}, { group: 1 })
    const poll = queue.register(() => {}, { group: 1, retry: true })
    const other = queue.register(() => {}, { group: 200 })
    expect(queue.pendingWork(1)).toBe(0)
    queue.at(1, frame, 0)
    queue.at(2, poll, 0)
    queue.at(3, burst, 0)
    queue.at(4, other, 0)
    expect([queue.pendingWork(0), queue.pendingWork(1), queue.pendingWork(200)]).toEqual([0, 2, 1])
    queue.step()
    expect(queue.pendingWork(1)).toBe(1)
    queue.step()
    expect(queue.pendingWork(1)).toBe(1)
    queue.step()
    expect(queue.pendingWork(1)).toBe(0)
    expect(queue.pendingWork(200)).toBe(1)
    expect(queue.pendingWork(100_000)).toBe(0)
    queue.checkInvariants()
  })

  it("counts for more kinds and groups than it started with", () => {
    const queue = new EventQueue()
    const kinds = Array.from({ length: 500 }, (_, group) => queue.register(() => {}, { group }))
    kinds.forEach((kind, group) => {
      for (let i = 0; i <= group % 3; i++) queue.at(1, kind, 0)
    })
    for (let group = 0; group < 500; group++) expect(queue.pendingWork(group)).toBe(1 + (group % 3))
    queue.checkInvariants()
  })
})

describe("fingerprint", () => {
  const run = (events: ReadonlyArray<readonly [time: number, kind: number, arg: number]>): string => {
    const queue = new EventQueue()
    const kinds = [queue.register(() => {}), queue.register(() => {})]
    for (const [time, kind, arg] of events) queue.at(time, kinds[kind], arg)
    while (queue.size > 0) queue.step()
    return queue.fingerprint()
  }
  const base = [[10, 0, 1], [20, 1, 2], [5_000_000_000, 0, 3]] as const

  it("is the same for the same events, 16 hexadecimal digits, and never moves from release to release", () => {
    expect(run(base)).toBe(run(base))
    expect(run(base)).toMatch(/^[0-9a-f]{16}$/)
    expect(run(base)).toBe("cfc2e76032c08d93")
  })

  it.each(
    [
      ["a time", [[11, 0, 1], [20, 1, 2], [5_000_000_000, 0, 3]]],
      ["the high half of a time", [[10, 0, 1], [20, 1, 2], [5_000_000_000 + 2 ** 32, 0, 3]]],
      ["a kind", [[10, 1, 1], [20, 1, 2], [5_000_000_000, 0, 3]]],
      ["an argument", [[10, 0, 1], [20, 1, 2], [5_000_000_000, 0, 4]]],
      ["the top bits of an argument", [[10, 0, 1 + 2 ** 30], [20, 1, 2], [5_000_000_000, 0, 3]]],
      ["the order", [[10, 1, 2], [20, 0, 1], [5_000_000_000, 0, 3]]],
      ["one event more", [[10, 0, 1], [20, 1, 2], [20, 1, 2], [5_000_000_000, 0, 3]]]
    ] as const
  )("sees a change of %s", (_what, events) => {
    expect(run(events)).not.toBe(run(base))
  })

  it("sees a value that the model mixes in", () => {
    const queue = new EventQueue()
    const before = queue.fingerprint()
    queue.mix(1)
    expect(queue.fingerprint()).not.toBe(before)
  })
})
