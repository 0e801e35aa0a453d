import { FairClient } from "@swaplab/nbd"
import { describe, expect, it } from "vitest"
import { DiskSlots, type SlotUser } from "../src/limits/disk-slots.ts"
import { HANDSHAKE_MESSAGES, HandshakeTurns } from "../src/limits/handshake-turns.ts"
import { RateLimit } from "../src/limits/rate-limit.ts"
import { ALONE_MS, type Resumable, TURN_UNITS, Turns, type TurnTaker } from "../src/limits/turns.ts"
import { BUSY_POLL_MS, BusyPoll } from "../src/net/busy-poll.ts"

describe("a limit", () => {
  it("over a long time passes the rate, whatever the sizes", () => {
    const limit = new RateLimit({ requestsPerSecond: null, bytesPerSecond: 1_000_000 }, 0)
    let now = 0
    let bytes = 0
    for (let i = 0; now < 10_000; i++) {
      const size = [512, 131_072, 4096][i % 3]
      now += limit.waitMs(now)
      limit.take(size)
      bytes += size
    }
    expect(bytes / (now / 1000) / 1_000_000).toBeCloseTo(1, 1)
  })
})

it("turns: each client gets its quantum in each round, however many connections it has", () => {
  const later: Array<() => void> = []
  const turns = new Turns((run) => later.push(run), () => 0)
  const worked = new Map<string, number>()
  const connection = (name: string, turnTaker: TurnTaker) => {
    const one = {
      turnTaker,
      takeTurn: () => {
        // works until its client's turn is over
        while (turns.tryWork(turnTaker)) {
          turns.spend(turnTaker, TURN_UNITS / 16)
          worked.set(name, (worked.get(name) ?? 0) + 1)
        }
        turns.push(one)
      }
    }
    return one
  }
  const [hog, modest] = [new FairClient<Resumable>(), new FairClient<Resumable>()]
  for (let i = 0; i < 8; i++) turns.push(connection(`hog ${i}`, hog))
  turns.push(connection("modest", modest))
  for (let round = 0; round < 16; round++) later.shift()?.()
  expect(later.length).toBe(1)
  expect(worked.get("modest")).toBe(16 * 16)
  // the connections of the hog took turns with its quantum
  expect([...worked].filter(([name]) => name !== "modest").map(([, work]) => work)).toEqual(Array(8).fill(32))
})

it("turns: one large request is paid for with the turns that follow", () => {
  const later: Array<() => void> = []
  const turns = new Turns((run) => later.push(run), () => 0)
  const order: Array<string> = []
  const connection = (name: string, units: number) => {
    const turnTaker = new FairClient<Resumable>(1, TURN_UNITS)
    const one = {
      turnTaker,
      takeTurn: () => {
        while (turns.tryWork(turnTaker)) {
          turns.spend(turnTaker, units)
          order.push(name)
        }
        turns.push(one)
      }
    }
    return one
  }
  const [large, small] = [connection("large", 8 * TURN_UNITS), connection("small", TURN_UNITS)]
  turns.push(large)
  turns.push(small)
  for (let round = 0; round < 80; round++) later.shift()?.()
  expect(order.filter((name) => name === "small").length).toBeGreaterThanOrEqual(79)
  expect(order.filter((name) => name === "large").length).toBeLessThanOrEqual(11)
})

it("disk slots go round the clients, fewer than one had alone, and come back from who leaves", () => {
  const slots = new DiskSlots(4)
  const granted: Array<string> = []
  const user = (name: string): SlotUser => ({ fair: new FairClient<SlotUser>(), granted: () => granted.push(name) })
  const [hog, modest] = [user("hog"), user("modest")]
  for (let i = 0; i < 4; i++) expect(slots.tryTake(hog, 262_144)).toBe(true)
  for (let i = 0; i < 4; i++) expect(slots.tryTake(hog, 262_144)).toBe(false)
  expect(slots.limit).toBe(4)
  expect(slots.tryTake(modest, 4096)).toBe(false)
  expect(slots.limit).toBe(2)
  for (let i = 0; i < 2; i++) slots.free()
  expect(granted).toEqual([])
  for (let i = 0; i < 2; i++) slots.free()
  expect(granted.sort()).toEqual(["hog", "modest"])
  slots.leave(hog)
  for (let i = 0; i < 2; i++) slots.free()
  expect([granted.length, slots.used]).toEqual([2, 0])
  // alone again for a while: all of them
  for (let i = 0; i < 300; i++) {
    expect(slots.tryTake(hog, 4096)).toBe(true)
    slots.free()
  }
  expect(slots.limit).toBe(4)
})

it("disk slots alternate between one who waits for eight at a time and one who waits for one", () => {
  const slots = new DiskSlots(1)
  const order: Array<string> = []
  // whoever gets a slot asks for the next one when this is over
  const again: Array<() => void> = []
  const user = (name: string): SlotUser => {
    const self: SlotUser = {
      fair: new FairClient<SlotUser>(),
      granted: () => {
        order.push(name)
        again.push(() => slots.tryTake(self, 4096))
      }
    }
    return self
  }
  const [hog, modest] = [user("hog"), user("modest")]
  slots.tryTake(hog, 4096)
  for (let i = 0; i < 8; i++) slots.tryTake(hog, 4096)
  slots.tryTake(modest, 4096)
  for (let i = 0; i < 100; i++) {
    slots.free()
    for (const ask of again.splice(0)) ask()
  }
  expect(order.filter((name) => name === "modest").length).toBeGreaterThanOrEqual(45)
})

it("turns: one who has been alone for a while goes on, one who is not waits for the others", () => {
  let now = 0
  const turns = new Turns(() => {}, () => now)
  const [one, other] = [new FairClient<Resumable>(1, TURN_UNITS), new FairClient<Resumable>(1, TURN_UNITS)]
  const work = (client: TurnTaker): boolean => {
    if (!turns.tryWork(client)) return false
    turns.spend(client, TURN_UNITS)
    return true
  }
  expect([work(one), work(one)]).toEqual([true, false])
  now = ALONE_MS
  expect([work(one), work(one), work(one)]).toEqual([true, true, true])
  expect(work(other)).toBe(true)
  // there is somebody who may come again at any time
  expect(work(one)).toBe(false)
  now += ALONE_MS
  expect(work(one)).toBe(true)
  turns.push({ turnTaker: other, takeTurn: () => {} })
  expect(work(one)).toBe(false)
})

it("the event loop stays awake for a moment after the last request, and no longer", () => {
  let now = 0
  const later: Array<() => void> = []
  const poll = new BusyPoll((run) => later.push(run), () => now)
  const rounds = (until: number): number => {
    let count = 0
    for (; later.length > 0 && now < until; count++) {
      now += BUSY_POLL_MS / 10
      later.shift()?.()
    }
    return count
  }
  poll.seen(now)
  poll.seen(now)
  expect(later.length).toBe(1)
  // ten rounds, and one for the rounding of the sums
  expect([10, 11]).toContain(rounds(1))
  expect(later.length).toBe(0)
  // a request in the middle prolongs it
  poll.seen(now)
  rounds(now + BUSY_POLL_MS / 2)
  poll.seen(now)
  expect([10, 11]).toContain(rounds(now + 1))
})

describe("handshakes", () => {
  const rig = () => {
    let now = 0
    const timers: Array<() => void> = []
    const turns = new Turns(() => {}, () => now)
    const served: TurnTaker = new FairClient<Resumable>(1, TURN_UNITS)
    const handshakes = new HandshakeTurns(turns, () => now, (run) => timers.push(run))
    /** Milliseconds pass; a client is served in each, or none is. */
    const pass = (ms: number, isServed: boolean): void => {
      for (let i = 0; i < ms; i++) {
        now++
        if (isServed) turns.tryWork(served)
        for (const run of timers.splice(0)) run()
      }
    }
    return { handshakes, pass }
  }

  it("go on at their rate while clients are served, and as they come when none is", () => {
    const { handshakes, pass } = rig()
    let done = 0
    const come = (count: number): void => {
      for (let i = 0; i < count; i++) handshakes.take("a", () => done++)
    }
    pass(100, true)
    come(1000)
    pass(100, true)
    const rate = HANDSHAKE_MESSAGES / 1000
    expect(done).toBeGreaterThanOrEqual(100 * rate)
    expect(done).toBeLessThanOrEqual(100 * rate + 20)
    pass(ALONE_MS + 1, false)
    expect(done).toBe(1000)
    come(1000)
    expect(done).toBe(2000)
  })

  it("of one address wait for one of each other, however many those are", () => {
    const { handshakes, pass } = rig()
    const order: Array<string> = []
    pass(100, true)
    for (let i = 0; i < 500; i++) handshakes.take("crowd", () => order.push("crowd"))
    const leave = handshakes.take("gone", () => order.push("gone"))
    handshakes.take("single", () => order.push("single"))
    leave()
    const before = order.length
    pass(20, true)
    expect(order.slice(before).indexOf("single")).toBeLessThanOrEqual(1)
    expect(order).not.toContain("gone")
  })
})
