// All connections of the server: who may come, how many, how long they may take; their clients and their ends.
import { Negotiation, ReplyBuffer } from "@swaplab/nbd"
import { Deferred, Effect, Fiber, FiberSet } from "effect"
import type { Socket } from "node:net"
import { performance } from "node:perf_hooks"
import { allowList, plainAddress } from "../config/addresses.ts"
import type { Config } from "../config/schema.ts"
import type { OpenStore } from "../exports/open-store.ts"
import { DiskSlots } from "../limits/disk-slots.ts"
import { HandshakeTurns } from "../limits/handshake-turns.ts"
import type { Lease } from "../limits/lease.ts"
import { RateLimit } from "../limits/rate-limit.ts"
import { Tally } from "../limits/tally.ts"
import { Turns } from "../limits/turns.ts"
import type { Log } from "../ops/log.ts"
import { BusyPoll } from "./busy-poll.ts"
import { Client } from "./client.ts"
import { Connection, type Ending } from "./connection.ts"
import type { Elsewhere } from "./elsewhere.ts"
import { type Engine, SendLater, type Tap } from "./engine.ts"
import { type Exports, type Handshake, HandshakeEnd, negotiate, type Negotiated } from "./handshake.ts"
import { endAll } from "./shut-down.ts"
import { readTcpTable, tcpKey } from "./tcp-table.ts"
import type { TlsSetup } from "./tls.ts"
import { keepAliveMs, watchForVanished } from "./vanished.ts"

/** A connection in its transmission phase, as the status shows it. */
export interface Served {
  readonly connection: Connection
  readonly store: OpenStore
  readonly address: string
  readonly secure: boolean
}

/** What becomes of a connection that was taken over. */
export interface TakenOver {
  /** Its handshake is over. */
  readonly attached: () => void
  readonly ended: () => void
}

const NOBODY: TakenOver = { attached: () => {}, ended: () => {} }

/** Why connections end when the server does. */
const SHUTTING_DOWN = "shutting down"

/** The other connections of a client that has attached again are asked once a second for so long. */
const ASKING_MS = 15_000

/** Clients without a connection that are remembered for their counters. */
const REMEMBERED_CLIENTS = 1024

export class Server {
  readonly served = new Set<Served>()
  readonly clients = new Map<string, Client>()
  readonly engine: Engine
  readonly counters = { accepted: 0, refused: 0, handshakesFailed: 0, handshakesTimedOut: 0 }
  readonly #exports: Exports
  readonly #elsewhere: Elsewhere
  #config: Config
  #mayCome: (address: string) => boolean
  #shuttingDown = false
  readonly #handshakeTurns: HandshakeTurns
  #tls: TlsSetup | null
  readonly #log: Log
  readonly #tap: (address: string, name: string) => Tap | null
  readonly #negotiations = new Set<Negotiation>()
  readonly #sockets = new Set<Socket>()
  /** Connections behind the handshake that are not closed yet, with their names in the kernel's table; some have left `served`. */
  readonly #open = new Map<Connection, string | null>()
  /** Connections, and those of them that are in the handshake, by address. */
  readonly #ofAddress = new Tally()
  readonly #handshakesOfAddress = new Tally()
  readonly #run: (connection: Effect.Effect<void>) => Fiber.RuntimeFiber<void>

  constructor(options: {
    readonly config: Config
    readonly exports: Exports
    readonly elsewhere: Elsewhere
    /** This process's part of the quota; null: it has all of it. */
    readonly lease: Lease | null
    readonly tls: TlsSetup | null
    readonly log: Log
    readonly tap: (address: string, name: string) => Tap | null
    readonly run: (connection: Effect.Effect<void>) => Fiber.RuntimeFiber<void>
  }) {
    const { config } = options
    this.#config = config
    this.#exports = options.exports
    this.#elsewhere = options.elsewhere
    this.#mayCome = allowList(config.allow)
    this.#tls = options.tls
    this.#log = options.log
    this.#tap = options.tap
    this.#run = options.run
    this.engine = {
      replies: new ReplyBuffer(),
      turns: new Turns(setImmediate, () => performance.now()),
      busyPoll: new BusyPoll(setImmediate, () => performance.now()),
      disk: new DiskSlots(config.limits.diskRequests),
      inFlight: config.limits.inFlight,
      inFlightBytes: config.limits.inFlightBytes,
      lease: options.lease,
      toSend: new SendLater()
    }
    this.#handshakeTurns = new HandshakeTurns(this.engine.turns, () => performance.now(), setTimeout)
  }

  /** Connections, in the handshake and after it. */
  get connections(): number {
    return this.#sockets.size
  }

  get handshakes(): number {
    return this.#negotiations.size
  }

  /**
   * Allow-list, limits and certificates of a new configuration. Connections stay, even where there are more than they may be
   * by now; their rates and what they may have in flight change at once.
   */
  reload(config: Config, tls: TlsSetup | null): void {
    const { limits } = config
    if (JSON.stringify(limits) !== JSON.stringify(this.#config.limits)) {
      this.engine.inFlight = limits.inFlight
      this.engine.inFlightBytes = limits.inFlightBytes
      this.engine.disk.slots = limits.diskRequests
      for (const client of this.clients.values()) client.rate = new RateLimit(limits, performance.now())
    }
    this.#config = config
    this.#mayCome = allowList(config.allow)
    this.#tls = tls
    for (const { connection } of this.served) connection.resume()
  }

  /** A socket was accepted. `local`: it came over a Unix socket. */
  accept(socket: Socket, local: boolean): void {
    const address = local ? "unix" : plainAddress(socket.remoteAddress ?? "")
    const { connections, connectionsPerAddress, handshakes, handshakesPerAddress } = this.#config.limits
    const why = this.#shuttingDown
      ? SHUTTING_DOWN
      : !local && !this.#mayCome(address)
      ? "not in the allow-list"
      : this.#sockets.size >= connections
      ? "too many connections"
      : this.#ofAddress.of(address) >= connectionsPerAddress
      ? "too many connections of this address"
      : this.#negotiations.size >= handshakes
      ? "too many handshakes"
      : this.#handshakesOfAddress.of(address) >= handshakesPerAddress
      ? "too many handshakes of this address"
      : null
    if (why !== null) {
      this.counters.refused++
      socket.on("error", () => {})
      socket.destroy()
      this.#log("refused", { address, why })
      return
    }
    this.counters.accepted++
    if (!local) {
      socket.setNoDelay(true)
      socket.setKeepAlive(true, keepAliveMs(this.#config.limits.deadAfter))
    }
    this.#take(socket, address, null)
  }

  /** A connection whose handshake began in another process, which has let it in. */
  takeOver(socket: Socket, address: string, handshake: Handshake, events = NOBODY): void {
    this.#take(socket, address, handshake, events)
  }

  #take(socket: Socket, address: string, handshake: Handshake | null, events: TakenOver = NOBODY): void {
    this.#sockets.add(socket)
    this.#ofAddress.add(address)
    socket.on("error", () => {})
    this.#run(
      this.#serve(socket, address, handshake, events.attached).pipe(
        Effect.ensuring(Effect.sync(() => {
          this.#sockets.delete(socket)
          socket.destroy()
          this.#ofAddress.remove(address)
          events.ended()
        }))
      )
    )
  }

  /** Ends all connections; clients that connect again to the next server miss nothing. */
  get shutDown(): Effect.Effect<void> {
    return Effect.gen(this, function*() {
      this.#shuttingDown = true
      for (const negotiation of this.#negotiations) negotiation.shuttingDown = true
      yield* endAll(this.#open, this.#sockets, SHUTTING_DOWN, this.#config.limits.shutdown)
      // their stores still work on them, and nobody waits for it
      for (const { address, connection, store } of this.served) {
        const { inFlight: unanswered } = connection.transmission
        this.#log("detached", { address, export: store.name, clean: false, reason: SHUTTING_DOWN, unanswered })
      }
    })
  }

  /** Drops clients that have vanished, for as long as it is not interrupted. */
  get watch(): Effect.Effect<never> {
    return watchForVanished({
      connections: () =>
        [...this.served].map(({ connection }) => ({
          silence: connection.silence,
          key: this.#open.get(connection) ?? null,
          drop: (why) => connection.reset(why)
        })),
      nowMs: () => performance.now(),
      readTable: readTcpTable
    }, () => this.#config.limits.deadAfter)
  }

  /**
   * A client that attaches again may have lost its other connections: they are asked now, not when they have been idle for
   * long. A machine that has started anew answers that it does not know them.
   */
  #askOthers({ address, connection: another, store }: Served): void {
    for (const { address: theirs, connection, store: other } of this.served) {
      if (connection === another || other !== store || theirs !== address || address === "unix") continue
      connection.askAfter(1000)
      setTimeout(() => connection.askAfter(keepAliveMs(this.#config.limits.deadAfter)), ASKING_MS).unref()
    }
  }

  #clientOf(key: string): Client {
    let client = this.clients.get(key)
    if (client === undefined) {
      if (this.clients.size >= REMEMBERED_CLIENTS) {
        for (const [other, { connections }] of this.clients) if (connections === 0) this.clients.delete(other)
      }
      this.clients.set(key, client = new Client(key, this.#config.limits, performance.now()))
    }
    return client
  }

  #serve(
    socket: Socket,
    address: string,
    from: Handshake | null,
    attached: () => void
  ): Effect.Effect<void> {
    return Effect.suspend(() => {
      let negotiation: Negotiation | null = null
      const handshakeOver = (): void => {
        if (negotiation === null || !this.#negotiations.delete(negotiation)) return
        this.#handshakesOfAddress.remove(address)
      }
      const turn = Effect.async<void>((resume) => {
        const leave = this.#handshakeTurns.take(address, () => resume(Effect.void))
        return Effect.sync(leave)
      })
      return negotiate({
        socket,
        address,
        exports: this.#exports,
        tls: this.#tls,
        turn,
        placeOf: (message) => this.#elsewhere.placeOf(message, address),
        from,
        onNegotiation: (created) => {
          negotiation = created
          this.#negotiations.add(created)
          this.#handshakesOfAddress.add(address)
        }
      }).pipe(
        Effect.timeoutFail({
          duration: this.#config.limits.handshake,
          onTimeout: () => {
            this.counters.handshakesTimedOut++
            return new HandshakeEnd({ reason: "the handshake took too long", quiet: false })
          }
        }),
        Effect.flatMap((outcome) => {
          if (outcome.next === "elsewhere") return this.#elsewhere.give({ ...outcome, address }, handshakeOver)
          handshakeOver()
          attached()
          return this.#transmit(outcome, socket, address)
        }),
        Effect.ensuring(Effect.sync(handshakeOver)),
        Effect.catchTag("HandshakeEnd", ({ quiet, reason }) =>
          Effect.sync(() => {
            if (quiet) return
            this.counters.handshakesFailed++
            this.#log("handshake failed", { address, reason })
          })),
        Effect.catchAllCause((cause) => Effect.sync(() => this.#log("fault", { address, cause: String(cause) })))
      )
    })
  }

  /** Serves a connection behind its handshake; ends when its socket is closed, which may be long after it left its store. */
  #transmit(
    { early, mode, plain, secure, socket, store }: Negotiated,
    accepted: Socket,
    address: string
  ): Effect.Effect<void> {
    return Effect.gen(this, function*() {
      // its handle has another owner later
      const key = tcpKey(accepted)
      const left = yield* Deferred.make<Ending>()
      const closed = yield* Deferred.make<void>()
      const client = this.#clientOf(store.template === null ? address : store.name)
      client.connections++
      const connection = new Connection({
        socket,
        plain,
        served: store.served,
        mode,
        client,
        engine: this.engine,
        exportRate: store.rate,
        usesDisk: store.usesDisk,
        counted: store.template !== null,
        faults: store.faults,
        refusals: store.refusals,
        address,
        tap: this.#tap(address, store.name),
        onLeave: (ending) => {
          client.connections--
          this.served.delete(served)
          Deferred.unsafeDone(left, Effect.succeed(ending))
        },
        onClosed: () => {
          this.#open.delete(connection)
          Deferred.unsafeDone(closed, Effect.void)
        }
      })
      const served: Served = { connection, store, address, secure }
      this.served.add(served)
      this.#open.set(connection, key)
      this.#log("attached", { address, export: store.name, tls: secure })
      const attachedMs = performance.now()
      if (store.template !== null) this.#askOthers(served)
      // its export was opened while the others were told
      if (this.#shuttingDown) connection.stop(SHUTTING_DOWN)
      else connection.start(early)
      const { clean, heardMs, reason, unanswered } = yield* Deferred.await(left)
      this.#log("detached", { address, export: store.name, clean, reason, ...(unanswered === 0 ? {} : { unanswered }) })
      yield* this.#exports.release(store, { address, clean, attachedMs, heardMs })
      yield* Deferred.await(closed)
    })
  }
}

/** Runs connections as fibers of the current scope. */
export const connectionRunner = FiberSet.makeRuntime<never, void, never>()
