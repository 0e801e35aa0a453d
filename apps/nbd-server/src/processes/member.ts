// One of several processes of a server: it serves the exports that are placed in it, to clients whom the process that started
// it has let in.
import { Deferred, Effect, FiberId } from "effect"
import type { Socket } from "node:net"
import type { KeepCode } from "../kept-code.ts"
import { Lease } from "../limits/lease.ts"
import type { Elsewhere } from "../net/elsewhere.ts"
import { makeServerLog } from "../ops/log.ts"
import { openPart, type Part } from "../part.ts"
import type { FromMember, ToMember } from "./messages.ts"
import { isKeptIn, placeOfOption } from "./placement.ts"
import { listenForRelayed, relay } from "./relay.ts"

type Start = Extract<ToMember, { readonly kind: "start" }>

/** What it takes from its process. */
export interface MemberHost {
  readonly env: NodeJS.ProcessEnv
  readonly writeLog: (line: string) => void
  readonly keepCode: KeepCode
  readonly tell: (message: FromMember) => void
}

/** A socket that came from another process was made with the options that Node has for all. */
const halfOpen = (socket: Socket): Socket => {
  socket.allowHalfOpen = true
  socket.pause()
  return socket
}

/** Messages to a process that serves; `told` handles one. */
export class Member {
  readonly #host: MemberHost
  readonly #stop = Deferred.unsafeMake<void>(FiberId.none)
  #part: Part | null = null
  #lease: Lease | null = null
  /** The configuration that placements follow; how many processes there are never changes. */
  #start: Start | null = null

  constructor(host: MemberHost) {
    this.#host = host
  }

  /** Serves until it is told to stop. */
  run(start: Start): Effect.Effect<void> {
    const { config, folder, place } = start
    this.#start = start
    const lease = new Lease({
      usedBytes: () => registry?.allocatedBytes ?? 0,
      want: (bytes) => this.#host.tell({ kind: "want", bytes }),
      later: setTimeout
    })
    this.#lease = lease
    let registry: { readonly allocatedBytes: number } | null = null
    const elsewhere: Elsewhere = {
      placeOf: (message, address) => {
        const found = placeOfOption(this.#start?.config ?? config, message, address)
        return typeof found === "number" && found !== place ? found : null
      },
      give: (given, attached) => Effect.zipRight(Effect.sync(attached), relay(folder, given))
    }
    return Effect.scoped(Effect.gen(this, function*() {
      const log = makeServerLog(config.log, this.#host)
      const part = yield* openPart(config, log, elsewhere, {
        keeps: (of, key) => isKeptIn(place, of, key),
        lease
      })
      registry = part.registry
      this.#part = part
      yield* listenForRelayed(folder, place, (socket, { address, handshake }) => {
        part.server.takeOver(socket, address, handshake)
      })
      yield* Effect.addFinalizer(() => part.shutDown)
      this.#host.tell({ kind: "ready", usedBytes: part.registry.allocatedBytes })
      // all of them start from the same file
      const notKept = place === 0 ? this.#host.keepCode() : null
      if (notKept !== null) log("code not kept", notKept)
      yield* Deferred.await(this.#stop)
    })).pipe(
      Effect.catchAll(({ message }) => Effect.sync(() => this.#host.tell({ kind: "failed", message })))
    )
  }

  stop(): void {
    Deferred.unsafeDone(this.#stop, Effect.void)
  }

  /** A message of the process that lets clients in; with a connection, its socket, unless that was closed on the way. */
  told(message: Exclude<ToMember, Start>, socket: Socket | undefined): void {
    const { tell } = this.#host
    const part = this.#part
    switch (message.kind) {
      case "connection": {
        const { arriving: { address, handshake }, id } = message
        if (part === null || socket === undefined) return tell({ kind: "ended", id })
        return part.server.takeOver(halfOpen(socket), address, handshake, {
          attached: () => tell({ kind: "attached", id }),
          ended: () => tell({ kind: "ended", id })
        })
      }
      case "reload": {
        const { config } = message
        const before = this.#start
        if (part === null || before === null) return tell({ kind: "reloaded", error: "it has not started" })
        Effect.runFork(
          part.reload(config).pipe(Effect.match({
            onSuccess: () => {
              this.#start = { ...before, config }
              tell({ kind: "reloaded", error: null })
            },
            onFailure: ({ message }) => tell({ kind: "reloaded", error: message })
          }))
        )
        return
      }
      case "report":
        if (part === null) return
        Effect.runFork(Effect.map(part.operated.report, (report) => tell({ kind: "reported", id: message.id, report })))
        return
      case "switch":
        if (part === null) return
        Effect.runFork(
          Effect.map(part.operated.switch(message.what), (answer) => tell({ kind: "switched", id: message.id, answer }))
        )
        return
      case "lease":
        return this.#lease?.granted(message.bytes ?? Number.POSITIVE_INFINITY)
      case "give back":
        return tell({ kind: "used", bytes: this.#lease?.giveBack() ?? 0 })
      case "stop":
        return this.stop()
    }
  }
}
