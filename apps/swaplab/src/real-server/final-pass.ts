// Reads once more everything that a server has acknowledged, behind a flush: whatever it forgot, or mixed up, shows here even if
// no client wants it back. It is read over the connections of the run where these stand, because a server may keep a client's
// swap for as long as the client is connected; else over one of its own.
import type { FinalPass } from "@swaplab/cluster"
import { Command, TOKEN_BLOCK, TOKEN_BYTES, TransmissionFlag } from "@swaplab/nbd"
import type { Gateway, Lie } from "@swaplab/server-model"
import { RealConnection, type WireReply, type WireRequest } from "./connection.ts"
import { openExport } from "./open-export.ts"
import type { Place, RealServer } from "./real-server.ts"

/** Pages of one READ, and READs at a time. */
const PAGES = 32
const DEPTH = 16

const NOTHING = new Uint8Array(0)

/** Pages of a client that were written and acknowledged: those that hold something. */
type Check = Gateway["exports"][number]["check"]

/** A run of pages: first, and how many. */
type Range = readonly [page: number, count: number]

/** What holds something, in runs that one READ can bring. */
function* rangesOf({ now }: Check): Generator<Range> {
  let count = 0
  for (let page = 0; page <= now.pages; page++) {
    const held = page < now.pages && !now.isHole(page) && now.missing(page, 1) === 0
    if (held) count++
    if (count > 0 && (!held || count === PAGES)) {
      yield [held ? page - count + 1 : page - count, count]
      count = 0
    }
  }
}

/** Asks one request after the other, many at a time; rejects when the connection ends. */
export interface Asker {
  readonly flags: number
  readonly ask: (type: number, offset: number, length: number) => Promise<WireReply<WireRequest>>
  readonly close: () => void
}

/** A connection of the pass's own. */
const ownConnection = async ({ salt, uri }: RealServer, name: string): Promise<Asker> => {
  const waiting = new Map<number, { resolve: (reply: WireReply<WireRequest>) => void; reject: (e: Error) => void }>()
  let lost: string | null = null
  let cookie = 0
  const connection = new RealConnection<WireRequest>(await openExport(uri, name), salt, {
    replied: (reply) => {
      waiting.get(reply.request.cookie)?.resolve(reply)
      waiting.delete(reply.request.cookie)
    },
    lost: (why) => {
      lost = why
      for (const { reject } of waiting.values()) reject(new Error(why))
    }
  })
  return {
    flags: connection.flags,
    ask: (type, offset, length) =>
      new Promise((resolve, reject) => {
        if (lost !== null) return reject(new Error(lost))
        cookie++
        waiting.set(cookie, { resolve, reject })
        connection.ask({ cookie, type, flags: 0, offset, length, tokens: NOTHING })
        connection.flush()
      }),
    close: () => connection.close()
  }
}

const passOf = async (check: Check, place: Place, asker: Asker, atNs: number, wrong: Array<Lie>): Promise<number> => {
  if ((asker.flags & TransmissionFlag.SendFlush) !== 0) await asker.ask(Command.Flush, 0, 0)
  let pages = 0
  const ranges = rangesOf(check)
  const worker = async (): Promise<void> => {
    for (let next = ranges.next(); next.done !== true; next = ranges.next()) {
      const [page, count] = next.value
      const { damaged, error, tokens } = await asker.ask(
        Command.Read,
        place.offset + page * TOKEN_BLOCK,
        count * TOKEN_BLOCK
      )
      if (tokens === null) throw new Error(`a READ of page ${page} failed with error ${error}`)
      pages += count
      const { lies } = check.look(page, tokens, damaged, new Uint8Array(count * TOKEN_BYTES))
      for (const [at, kind] of lies) wrong.push({ kind, client: check.client, page: at, atNs })
    }
  }
  await Promise.all(Array.from({ length: DEPTH }, worker))
  return pages
}

/** Reads everything of all clients. Never rejects: a server that cannot be read ends the pass, which says so. */
export const finalPass = async (server: RealServer, gateway: Gateway): Promise<FinalPass> => {
  const wrong: Array<Lie> = []
  let pages = 0
  for (const { check } of gateway.exports) {
    const place = server.placeOf(check.client)
    if (rangesOf(check).next().done === true) continue
    try {
      const asker = server.askerOf(check.client) ?? await ownConnection(server, place.name)
      try {
        pages += await passOf(check, place, asker, gateway.sim.now, wrong)
      } finally {
        asker.close()
      }
    } catch (error) {
      return { pages, wrong, ended: `${check.client}: ${(error as Error).message}` }
    }
  }
  return { pages, wrong, ended: null }
}
