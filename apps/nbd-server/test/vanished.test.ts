// Who is dropped because nothing was heard for so long, and who is not. What the kernel's table says is made up.
import { Effect } from "effect"
import { expect, it } from "vitest"
import type { TcpState } from "../src/net/tcp-table.ts"
import { lookForVanished, Silence } from "../src/net/vanished.ts"

const DEAD_AFTER = 30_000
/** One look in so many milliseconds, as the server takes. */
const EVERY = 3000

/**
 * When a client is dropped that is owed something since `owedMs` and is silent since 0, by what the kernel says at each look;
 * null: not within ten minutes.
 */
const droppedAfter = async (
  says: (ms: number) => TcpState | undefined,
  { key = "key", duringRead = () => {}, owedMs = 0 }: {
    readonly key?: string | null
    readonly duringRead?: (silence: Silence) => void
    readonly owedMs?: number
  } = {}
) => {
  let now = 0
  let dropped: readonly [ms: number, why: string] | null = null
  const silence = new Silence(0)
  silence.owedMs = owedMs
  silence.sends = 1
  while (now < 600_000 && dropped === null) {
    now += EVERY
    await Effect.runPromise(lookForVanished({
      connections: () => [{ key, silence, drop: (why) => (dropped = [now, why]) }],
      nowMs: () => now,
      readTable: (keys) => {
        const state = says(now)
        duringRead(silence)
        return Promise.resolve(new Map(state === undefined || !keys.has("key") ? [] : [["key", state]]))
      }
    }, DEAD_AFTER))
  }
  return dropped
}

/** A peer that is gone: nothing is acknowledged, and the kernel tries again, later each time. */
const gone = (ms: number): TcpState => ({ unacknowledged: 4112, attempts: Math.floor(Math.log2(ms / 200)) })

it("a client that is gone is dropped within the time, and the log says why", async () => {
  const [ms, why] = await droppedAfter(gone) ?? [0, ""]
  expect(ms).toBeGreaterThan(DEAD_AFTER - 2 * EVERY)
  expect(ms).toBeLessThanOrEqual(DEAD_AFTER)
  expect(why).toBe("no answer for 27 s, 4112 bytes are not acknowledged")
})

it("one that was silent before counts from when it was sent something", async () => {
  const [ms] = await droppedAfter(gone, { owedMs: 25_000 }) ?? [0]
  expect(ms).toBeGreaterThan(25_000 + DEAD_AFTER - 2 * EVERY)
  expect(ms).toBeLessThanOrEqual(25_000 + DEAD_AFTER)
})

it("one that vanishes in the middle counts from the last answer of its kernel", async () => {
  const [ms] = await droppedAfter((now) => now < 60_000 ? { unacknowledged: 9, attempts: 0 } : gone(now - 59_000)) ??
    [0]
  expect(ms).toBeGreaterThan(60_000 + DEAD_AFTER - 3 * EVERY)
  expect(ms).toBeLessThanOrEqual(60_000 + DEAD_AFTER)
})

it.each<[string, (ms: number) => TcpState | undefined]>([
  ["does not read, and whose kernel answers the probes", () => ({ unacknowledged: 131_072, attempts: 0 })],
  ["answers every other attempt", (ms) => ({ unacknowledged: 4112, attempts: ms / EVERY % 2 })],
  ["gets on slowly", (ms) => ({ unacknowledged: 1_000_000 - ms, attempts: 2 })],
  ["the kernel does not know here", () => undefined],
  ["has everything", () => ({ unacknowledged: 0, attempts: 0 })]
])("a client stays that %s", async (_what, says) => {
  expect(await droppedAfter(says)).toBeNull()
})

it("a new connection is owed the end of its handshake", () => {
  expect(new Silence(7)).toMatchObject({ owedMs: 7, heardMs: 7 })
})

it("a connection without a place in the table stays", async () => {
  expect(await droppedAfter(gone, { key: null })).toBeNull()
})

it("what is sent while the table is read is not taken for acknowledged", async () => {
  let first = true
  const dropped = await droppedAfter((ms) => ms === EVERY ? { unacknowledged: 0, attempts: 0 } : gone(ms), {
    duringRead: (silence) => {
      if (first) silence.sends++
      first = false
    }
  })
  expect(dropped).not.toBeNull()
})
