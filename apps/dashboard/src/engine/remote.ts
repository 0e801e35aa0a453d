// The run of a command, for the page that the command serves: its updates as the answers that an engine gives.
import * as Socket from "@effect/platform/Socket"
import * as RpcClient from "@effect/rpc/RpcClient"
import * as RpcSerialization from "@effect/rpc/RpcSerialization"
import { type Act, type Ask, LiveRpcs, unpackBatch, type Update } from "@swaplab/live"
import { Effect, Layer, Queue, Stream, SubscriptionRef } from "effect"
import type { PageAnswer } from "./messages.ts"

type Tell = (answer: PageAnswer) => void

const LOST = "the connection to the command is lost: it has ended, or the network is gone. The page tries again."

const protocolAt = (url: string) =>
  RpcClient.layerProtocolSocket({ retryTransientErrors: false }).pipe(
    Layer.provide(Socket.layerWebSocket(url)),
    Layer.provide(Socket.layerWebSocketConstructorGlobal),
    Layer.provide(RpcSerialization.layerMsgPack)
  )

/** What is known of the run. */
class Known {
  run = ""
  afterNs = -1
  acts: ReadonlyArray<Act> | null = null
  readonly #tell: Tell

  constructor(tell: Tell) {
    this.#tell = tell
  }

  take({ acts, batch: packed, ended, facts, faults, nowNs, run, snapshot, still, words }: Update): void {
    if (facts !== null) {
      this.run = run
      this.afterNs = -1
      this.#tell({ kind: "loaded", facts })
    }
    this.acts = acts
    this.#tell({ kind: "connection", connection: { lost: null, acts, words } })
    const batch = unpackBatch(packed)
    this.afterNs = batch.timesNs.at(-1) ?? this.afterNs
    const snapshots = snapshot === null ? [] : [snapshot]
    this.#tell({ kind: "rows", nowNs, batch, snapshots, faults, ended, still })
  }
}

/** What the page asks the thread for, about the run of a command. */
export type RemoteRequest = Ask | { readonly kind: "look"; readonly client: string }

/** Shows the run at an address for as long as the page is there. Returns what takes the page's requests. */
export const showRemote = (url: string, tell: Tell): (request: RemoteRequest) => void => {
  const known = new Known(tell)
  const lost = Effect.sync(() => tell({ kind: "connection", connection: { lost: LOST, acts: known.acts, words: "" } }))
  const requests = Effect.runSync(Queue.unbounded<RemoteRequest>())
  const program = Effect.gen(function*() {
    const client = yield* RpcClient.make(LiveRpcs)
    const looked = yield* SubscriptionRef.make<string | null>(null)
    const watching = looked.changes.pipe(
      Stream.flatMap((name) => client.watch({ run: known.run, afterNs: known.afterNs, client: name }), {
        switch: true
      }),
      Stream.runForEach((update) => Effect.sync(() => known.take(update)))
    )
    const asking = Effect.forever(Effect.gen(function*() {
      const request = yield* Queue.take(requests)
      if (request.kind === "look") return yield* SubscriptionRef.set(looked, request.client)
      const words = yield* client.ask({ ask: request })
      tell({ kind: "told", words })
    }))
    yield* Effect.raceFirst(watching, asking)
  }).pipe(
    Effect.provide(protocolAt(url)),
    Effect.scoped,
    Effect.catchAllCause(() => Effect.void),
    Effect.zipRight(lost),
    Effect.zipRight(Effect.sleep("1 second"))
  )
  Effect.runFork(Effect.forever(program))
  return (request) => {
    requests.unsafeOffer(request)
  }
}
