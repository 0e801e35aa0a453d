// The server from start to end: everything that can be wrong is found before anything is opened to clients.
import { type ConfigError, formatPath } from "@swaplab/config"
import { Deferred, Effect, Runtime } from "effect"
import type { ChildProcess } from "node:child_process"
import { findingsOf, ROOM_RULES, WARNING_RULES } from "./check/host-rules.ts"
import { endpointOf } from "./config/addresses.ts"
import type { Config } from "./config/schema.ts"
import { UserError } from "./exit.ts"
import { ALL_HERE } from "./exports/registry.ts"
import type { KeepCode } from "./kept-code.ts"
import { activationFds } from "./net/activation.ts"
import { NOWHERE } from "./net/elsewhere.ts"
import { listenAt, listenAtFd } from "./net/listen.ts"
import type { Server } from "./net/server.ts"
import { hasTcpTable } from "./net/tcp-table.ts"
import { serveControl } from "./ops/control.ts"
import { serveProbes } from "./ops/http.ts"
import { type Log, makeServerLog } from "./ops/log.ts"
import { readToken } from "./ops/token.ts"
import { openPart, type Part } from "./part.ts"
import { openFront } from "./processes/front.ts"

/** What the server takes from its process. */
export interface Host {
  readonly env: NodeJS.ProcessEnv
  readonly pid: number
  readonly writeLog: (line: string) => void
  readonly keepCode: KeepCode
  /** Starts a process that serves exports for this one. */
  readonly fork: () => ChildProcess
  /** Calls `run` at a signal; returns what stops that. */
  readonly onSignal: (signal: "SIGTERM" | "SIGINT" | "SIGHUP", run: () => void) => () => void
}

const endpoint = (text: string) => {
  const found = endpointOf(text)
  return found === null
    ? Effect.fail(new UserError({ message: `got ${JSON.stringify(text)}, expected an address` }))
    : Effect.succeed(found)
}

const signal = (host: Host, name: "SIGTERM" | "SIGINT" | "SIGHUP", run: () => void) =>
  Effect.acquireRelease(Effect.sync(() => host.onSignal(name, run)), (stop) => Effect.sync(stop))

/** Says what does not keep the server from starting and may still go wrong. */
const warn = (config: Config, log: Log): void => {
  for (const { path, text } of findingsOf([...ROOM_RULES, ...WARNING_RULES], config)) {
    log("warning", { key: formatPath(path), why: text })
  }
}

/** What it means that there is no /proc/net/tcp. */
const NO_TABLE = "clients that vanish while they are sent something are found by TCP alone, which takes minutes"

/** What only a restart changes. */
const KEPT = ["listen", "metrics", "control", "record", "log", "processes"] as const

/** Puts another configuration in place, or fails and changes nothing. */
const reloaded = (before: Config, next: Config, part: Part, log: Log): Effect.Effect<void, UserError> =>
  Effect.gen(function*() {
    yield* part.reload({ ...next, processes: before.processes })
    for (const key of KEPT) {
      if (JSON.stringify(next[key]) === JSON.stringify(before[key])) continue
      log("not changed", { key, why: "only a restart changes it", now: JSON.stringify(before[key]) })
    }
    warn(next, log)
    log("reloaded", {})
  })

/**
 * Serves until SIGTERM or SIGINT. `reload` reads the configuration again, for SIGHUP: exports, templates, quota, limits,
 * allow-lists, certificates and keys.
 */
export const serve = (
  config: Config,
  reload: Effect.Effect<Config, UserError | ConfigError>,
  host: Host
): Effect.Effect<void, UserError> =>
  Effect.scoped(Effect.gen(function*() {
    const log = makeServerLog(config.log, host)
    const runtime = yield* Effect.runtime()
    const stop = yield* Deferred.make<string>()
    const token = config.control === null ? null : yield* readToken(config.control.tokenFile)
    const fds = yield* Effect.try({
      try: () => activationFds(host.env, host.pid),
      catch: (error) => error instanceof UserError ? error : new UserError({ message: String(error) })
    })
    warn(config, log)
    const broken = (why: string): void => Deferred.unsafeDone(stop, Effect.die(new Error(why)))
    const part: Part = config.processes === 1
      ? yield* openPart(config, log, NOWHERE, ALL_HERE)
      : yield* openFront({ config, fork: host.fork, log, broken })
    const { operated, server } = part
    const accept = (socket: Parameters<Server["accept"]>[0], local: boolean): void => server.accept(socket, local)
    const failed = (why: string): void => log("not accepted", { why })
    // what is acquired later closes earlier: listeners first, then the connections, and probes and control at the very end,
    // to see and to help a server that is stopping
    if (config.metrics !== null) log("probes", { at: yield* serveProbes(yield* endpoint(config.metrics), operated) })
    if (config.control !== null && token !== null) {
      log("control", { at: yield* serveControl(config.control.socket, token, operated) })
    }
    yield* Effect.addFinalizer(() => part.shutDown)

    const reloading = yield* Effect.makeSemaphore(1)
    for (const name of ["SIGTERM", "SIGINT"] as const) {
      yield* signal(host, name, () => Deferred.unsafeDone(stop, Effect.succeed(name)))
    }
    yield* signal(host, "SIGHUP", () => {
      Runtime.runFork(runtime)(
        reload.pipe(
          Effect.flatMap((next) => reloaded(config, next, part, log)),
          // two signals in a row: the second one's file is the later one
          reloading.withPermits(1),
          Effect.catchAll(({ message }) => Effect.sync(() => log("not reloaded", { why: message })))
        )
      )
    })

    for (const fd of fds) log("listening", { at: yield* listenAtFd(fd, accept, failed) })
    if (fds.length === 0) {
      for (const place of config.listen) {
        log("listening", { at: yield* listenAt(yield* endpoint(place), accept, failed) })
      }
    }
    if (!hasTcpTable()) log("no kernel table", { why: NO_TABLE })
    log("ready", {})
    const notKept = host.keepCode()
    if (notKept !== null) log("code not kept", notKept)
    log("stopping", { why: yield* Deferred.await(stop) })
  }))
