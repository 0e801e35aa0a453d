// Drops clients that are gone without a word, such as by a loss of power, while something that they were sent is on its way.
// TCP would go on sending it for a quarter of an hour, and keep-alive does not run meanwhile; Linux has TCP_USER_TIMEOUT for
// that, which Node cannot set. So the kernel's table is read, and only while a client is owed something and is silent.
// A client that is alive and does not read answers the probes of its closed window: it stays. An idle one that is gone is
// found by the kernel's keep-alive.
import { Effect } from "effect"
import { readTcpTable, type TcpState } from "./tcp-table.ts"

/** libuv lets the kernel probe an idle connection so often, once a second, before it gives it up. */
const KEEP_ALIVE_PROBES = 10

/** How long a connection is idle before the kernel asks whether its client is there, in milliseconds. */
export const keepAliveMs = (deadAfterMs: number): number => Math.max(1000, deadAfterMs - KEEP_ALIVE_PROBES * 1000)

/** Time between two looks. */
const lookMs = (deadAfterMs: number): number => Math.min(5000, Math.max(20, deadAfterMs / 10))

/** What a look needs to know of a connection, and what it leaves there. */
export class Silence {
  /** When the client was last heard from, or its kernel was. */
  heardMs: number
  /** Since when it has been sent something that it may not have received, the last reply of its handshake at first; null: it has all. */
  owedMs: number | null
  /** How often it was sent something. */
  sends = 0
  /** What the last look saw. */
  last: TcpState = { unacknowledged: 0, attempts: 0 }

  constructor(nowMs: number) {
    this.heardMs = nowMs
    this.owedMs = nowMs
  }
}

/** A connection that may have lost its client. */
interface Watched {
  readonly silence: Silence
  /** Its name in the kernel's table, or null: it is no TCP connection. */
  readonly key: string | null
  readonly drop: (why: string) => void
}

export interface Watching {
  readonly connections: () => Iterable<Watched>
  /** A clock that does not go back. */
  readonly nowMs: () => number
  readonly readTable: typeof readTcpTable
}

/** One look at all connections: those are dropped that have not answered for `deadAfterMs`, or will not have by the next look. */
export const lookForVanished = (
  { connections, nowMs, readTable }: Watching,
  deadAfterMs: number
): Effect.Effect<void> =>
  Effect.gen(function*() {
    const every = lookMs(deadAfterMs)
    const begin = nowMs()
    const suspects = [...connections()].flatMap(({ drop, key, silence }) =>
      key === null || silence.owedMs === null || begin - Math.max(silence.heardMs, silence.owedMs) < every
        ? []
        : [{ drop, key, silence, sends: silence.sends }]
    )
    if (suspects.length === 0) return
    const table = yield* Effect.promise(() => readTable(new Set(suspects.map(({ key }) => key))))
    const now = nowMs()
    for (const { drop, key, sends, silence } of suspects) {
      const state = table?.get(key)
      if (state === undefined || silence.owedMs === null) continue
      const { last } = silence
      silence.last = state
      if (state.unacknowledged === 0) {
        // what was sent since the table was read may not be in it
        if (silence.sends === sends) silence.owedMs = null
      } else if (
        state.attempts === 0 || state.attempts < last.attempts || state.unacknowledged < last.unacknowledged
      ) silence.heardMs = now
      const silentMs = now - Math.max(silence.heardMs, silence.owedMs ?? now)
      if (silentMs < deadAfterMs - every) continue
      drop(`no answer for ${Math.round(silentMs / 1000)} s, ${state.unacknowledged} bytes are not acknowledged`)
    }
  })

/** Looks for as long as it is not interrupted. */
export const watchForVanished = (watching: Watching, deadAfterMs: () => number): Effect.Effect<never> =>
  Effect.suspend(() => Effect.sleep(lookMs(deadAfterMs()))).pipe(
    Effect.andThen(Effect.suspend(() => lookForVanished(watching, deadAfterMs()))),
    Effect.forever
  )
