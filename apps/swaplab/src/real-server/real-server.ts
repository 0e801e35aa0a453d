// A real server as the gateway of a run asks it: one connection for each of the run's, opened and closed with it.
import { Command } from "@swaplab/nbd"
import {
  BLANK_ANSWER,
  type RemoteAnswer,
  RemoteEvent,
  type RemoteRequest,
  type RemoteServer
} from "@swaplab/server-model"
import { randomBytes } from "node:crypto"
import type { Socket } from "node:net"
import { RealConnection, type WireReply, type WireRequest } from "./connection.ts"
import type { Asker } from "./final-pass.ts"
import { CLIENT, type NbdUri } from "./nbd-uri.ts"
import { openExport } from "./open-export.ts"
import type { ScenarioFaults } from "./scenario-faults.ts"
import type { Salt } from "./wire-tokens.ts"

/** Where the swap of a client lies: bytes of an export from `offset` on. */
export interface Place {
  readonly client: string
  readonly name: string
  readonly offset: number
  readonly bytes: number
}

/** One export for each client, or the parts of one, one behind the other. */
export const placesOf = (
  { name }: NbdUri,
  clients: ReadonlyArray<{ readonly name: string; readonly bytes: number }>
): ReadonlyArray<Place> => {
  let offset = 0
  return clients.map(({ bytes, name: client }) => {
    if (name.includes(CLIENT)) return { client, name: name.replaceAll(CLIENT, client), offset: 0, bytes }
    const place = { client, name, offset, bytes }
    offset += bytes
    return place
  })
}

/** A request with its times: when it came to the gateway, and when it left. */
interface Asked extends WireRequest {
  readonly atNs: number
  sentNs: number
  /** Of a request that is none of the run: who waits for it. */
  readonly own: PromiseWithin | null
}

interface PromiseWithin {
  readonly resolve: (reply: WireReply<WireRequest>) => void
  readonly reject: (error: Error) => void
}

/** Cookies of requests that are none of the run. */
const OWN_COOKIES = 0x80000000

interface Standing {
  readonly client: string
  readonly connection: RealConnection<Asked>
  /** Where its export begins. */
  readonly offset: number
  /** Requests that are none of the run and have no reply. */
  readonly own: Set<PromiseWithin>
}

const NOTHING = new Uint8Array(0)

export class RealServer implements RemoteServer {
  readonly uri: NbdUri
  readonly salt: Salt
  readonly #places: ReadonlyMap<string, Place>
  readonly #clock: () => number
  readonly #take: (answer: RemoteAnswer) => void
  readonly #faults: ScenarioFaults | null
  /** Those that stand, and the sockets of those that are being opened. */
  readonly #connections = new Map<number, Standing>()
  readonly #opening = new Map<number, Socket>()
  /** What was asked for since the last `flush`. */
  readonly #unsent: Array<Asked> = []
  readonly #toFlush = new Set<RealConnection<Asked>>()
  #ownCookie = OWN_COOKIES

  /** `clock` is the time of the run; what the server does is handed to `take`, never from inside `ask`, `open` or `close`. */
  constructor(
    uri: NbdUri,
    places: ReadonlyArray<Place>,
    clock: () => number,
    take: (answer: RemoteAnswer) => void,
    faults: ScenarioFaults | null = null
  ) {
    this.uri = uri
    this.#faults = faults
    this.#places = new Map(places.map((place) => [place.client, place]))
    this.#clock = clock
    this.#take = take
    const random = randomBytes(8)
    this.salt = { hi: random.readUInt32BE(0), lo: random.readUInt32BE(4) }
  }

  open(session: number, client: string): void {
    const place = this.placeOf(client)
    const refused = (why: string): void => this.#answer(session, { event: RemoteEvent.Refused, why })
    if (this.#faults?.down === true) {
      setImmediate(() => refused("the scenario has the server restart"))
      return
    }
    openExport(this.uri, place.name, (socket) => this.#opening.set(session, socket)).then((opened) => {
      // closed meanwhile
      if (!this.#opening.delete(session)) return opened.wire.socket.destroy()
      if (opened.size < place.offset + place.bytes) {
        opened.wire.socket.destroy()
        return refused("the export has become smaller")
      }
      const own = new Set<PromiseWithin>()
      const connection = new RealConnection<Asked>(opened, this.salt, {
        replied: (reply) => {
          const { damaged, error, request, tokens } = reply
          const { atNs, cookie, sentNs, type } = request
          if (request.own !== null) {
            own.delete(request.own)
            return request.own.resolve(reply)
          }
          const now = this.#clock()
          const latencyNs = Math.max(0, now - sentNs)
          const lateNs = Math.max(0, sentNs - atNs)
          const event = RemoteEvent.Replied
          this.#take({
            event,
            session,
            cookie,
            type,
            error,
            tokens,
            damaged,
            why: "",
            broken: false,
            atNs: now,
            lateNs,
            latencyNs
          })
        },
        lost: (why, broken) => {
          this.#connections.delete(session)
          for (const { reject } of own) reject(new Error(why))
          this.#answer(session, { event: RemoteEvent.Lost, why, broken })
        }
      })
      this.#connections.set(session, { client, connection, offset: place.offset, own })
      this.#faults?.connected()
      this.#answer(session, { event: RemoteEvent.Opened })
    }, (error: Error) => {
      if (this.#opening.delete(session)) refused(error.message)
    })
  }

  ask({ atNs, cookie, flags, length, offset, session, tokens, type }: RemoteRequest): void {
    const to = this.#connections.get(session)
    // a connection that is gone: its loss is under way to the run
    if (to === undefined) return
    const { connection } = to
    const from = type === Command.Flush ? 0 : to.offset + offset
    const asked: Asked = { cookie, type, flags, offset: from, length, tokens, atNs, sentNs: 0, own: null }
    this.#unsent.push(asked)
    this.#toFlush.add(connection)
    connection.ask(asked)
  }

  fault(what: string, options: Readonly<Record<string, unknown>>): () => void {
    return this.#faults?.begin(what, options) ?? (() => {})
  }

  close(session: number): void {
    this.#opening.get(session)?.destroy()
    this.#opening.delete(session)
    this.#connections.get(session)?.connection.close()
    this.#connections.delete(session)
  }

  /** The server has nothing to do for the run. */
  get idle(): boolean {
    if (this.#opening.size > 0) return false
    for (const { connection } of this.#connections.values()) if (connection.inFlight > 0) return false
    return true
  }

  /** Sends what was asked for. */
  flush(): void {
    if (this.#unsent.length === 0) return
    const now = this.#clock()
    for (const asked of this.#unsent) asked.sentNs = now
    this.#unsent.length = 0
    for (const connection of this.#toFlush) connection.flush()
    this.#toFlush.clear()
  }

  placeOf(client: string): Place {
    const place = this.#places.get(client)
    if (place === undefined) throw new Error(`no place for the swap of ${client}`)
    return place
  }

  /** Asks over the connection of a client, past the run; null: the client has none. */
  askerOf(client: string): Asker | null {
    const standing = [...this.#connections].reverse().find(([, of]) => of.client === client)
    if (standing === undefined) return null
    const [session, { connection, own }] = standing
    return {
      flags: connection.flags,
      ask: (type, offset, length) =>
        new Promise((resolve, reject) => {
          if (this.#connections.get(session) === undefined) return reject(new Error("the connection is over"))
          const waiting = { resolve, reject }
          own.add(waiting)
          const cookie = ++this.#ownCookie
          connection.ask({ cookie, type, flags: 0, offset, length, tokens: NOTHING, atNs: 0, sentNs: 0, own: waiting })
          connection.flush()
        }),
      close: () => this.close(session)
    }
  }

  /** Ends all connections. */
  end(): void {
    for (const session of [...this.#opening.keys(), ...this.#connections.keys()]) this.close(session)
  }

  #answer(session: number, what: Partial<RemoteAnswer> & Pick<RemoteAnswer, "event">): void {
    this.#take({ ...BLANK_ANSWER, session, atNs: this.#clock(), ...what })
  }
}
