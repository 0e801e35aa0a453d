// What serves exports in one process: stores, connections, and what people ask of them.
import { Effect, type Scope } from "effect"
import { performance } from "node:perf_hooks"
import type { Config } from "./config/schema.ts"
import { UserError } from "./exit.ts"
import { Registry, type RegistryOptions } from "./exports/registry.ts"
import type { Elsewhere } from "./net/elsewhere.ts"
import { connectionRunner, Server } from "./net/server.ts"
import { setUpTls } from "./net/tls.ts"
import type { Log } from "./ops/log.ts"
import { type Operated, operatedHere } from "./ops/operated.ts"
import { makeRecorder } from "./record/recorder.ts"

export interface Part {
  readonly server: Server
  readonly operated: Operated
  /** Puts another configuration in place, or fails and changes nothing. */
  readonly reload: (next: Config) => Effect.Effect<void, UserError>
  /** Ends all connections. */
  readonly shutDown: Effect.Effect<void>
}

/** Opens the exports of a configuration that this process has. Everything is made durable and closed with the scope. */
export const openPart = (
  config: Config,
  log: Log,
  elsewhere: Elsewhere,
  kept: RegistryOptions
): Effect.Effect<Part & { readonly registry: Registry }, UserError, Scope.Scope> =>
  Effect.gen(function*() {
    const tls = yield* setUpTls(config.tls)
    const registry = new Registry(config, () => performance.now(), log, kept)
    yield* Effect.addFinalizer(() => registry.close)
    yield* registry.prepare.pipe(Effect.mapError(({ message }) => new UserError({ message })))
    const tap = yield* makeRecorder(config.record, (why) => log("recording ended", { why }))
    const run = yield* connectionRunner
    const server = new Server({ config, exports: registry, elsewhere, lease: kept.lease, tls, log, tap, run })
    yield* Effect.forkScoped(server.watch)
    const reload = (next: Config): Effect.Effect<void, UserError> =>
      Effect.gen(function*() {
        const nextTls = yield* setUpTls(next.tls)
        yield* registry.reload(next).pipe(Effect.mapError(({ message }) => new UserError({ message })))
        server.reload(next, nextTls)
      })
    return { server, registry, operated: operatedHere(server, registry), reload, shutDown: server.shutDown }
  })
