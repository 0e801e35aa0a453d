// Places where the server listens.
import { Effect, type Scope } from "effect"
import { chmodSync, lstatSync, unlinkSync } from "node:fs"
import { connect, createServer, type ListenOptions, type Server as NetServer, type Socket } from "node:net"
import { type Endpoint, endpointText } from "../config/addresses.ts"
import { EXIT } from "../exit-codes.ts"
import { UserError } from "../exit.ts"
import { placeError } from "./place-error.ts"

/** Removes the file of a Unix socket at which no process listens. The socket of a running process is left alone. */
const removeStale = (path: string): Effect.Effect<void, UserError> =>
  Effect.async((resume) => {
    try {
      if (!lstatSync(path).isSocket()) {
        return resume(new UserError({ message: `unix:${path}: there is something else than a socket` }))
      }
    } catch {
      return resume(Effect.void)
    }
    const probe = connect(path)
    probe.on("connect", () => {
      probe.destroy()
      resume(new UserError({ message: `unix:${path}: another process listens there`, code: EXIT.unavailable }))
    })
    probe.on("error", () => {
      try {
        unlinkSync(path)
      } catch {
        // listening says what is wrong
      }
      resume(Effect.void)
    })
  })

const listening = (
  refused: (error: Error) => UserError,
  options: ListenOptions & { readonly fd?: number },
  accept: (socket: Socket) => void,
  failed: (why: string) => void
): Effect.Effect<NetServer, UserError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<NetServer, UserError>((resume) => {
      // half open: a client that has closed its sending side still receives its replies, however long its handshake waits
      const server = createServer({ pauseOnConnect: true, noDelay: true, allowHalfOpen: true }, accept)
      server.once("error", (error) => resume(refused(error)))
      server.listen(options, () => {
        // an accept that failed: the next one may not
        server.removeAllListeners("error").on("error", (error) => failed(error.message))
        resume(Effect.succeed(server))
      })
    }),
    (server) => Effect.sync(() => server.close())
  )

/** Listens at an endpoint for as long as the scope lasts; returns where, with the port that was chosen for port 0. */
export const listenAt = (
  endpoint: Endpoint,
  accept: (socket: Socket, local: boolean) => void,
  failed: (why: string) => void
): Effect.Effect<string, UserError, Scope.Scope> =>
  Effect.gen(function*() {
    if (endpoint.kind === "tcp") {
      const server = yield* listening((error) => placeError(error, endpoint), {
        host: endpoint.host,
        port: endpoint.port,
        backlog: 1024
      }, (socket) =>
        accept(socket, false), failed)
      const address = server.address()
      return endpointText({ ...endpoint, port: typeof address === "object" && address !== null ? address.port : 0 })
    }
    yield* removeStale(endpoint.path)
    yield* listening(
      (error) =>
        placeError(error, endpoint),
      { path: endpoint.path },
      (socket) =>
        accept(socket, true),
      failed
    )
    chmodSync(endpoint.path, 0o600)
    return endpointText(endpoint)
  })

/** Listens at a socket that was passed by systemd. */
export const listenAtFd = (
  fd: number,
  accept: (socket: Socket, local: boolean) => void,
  failed: (why: string) => void
): Effect.Effect<string, UserError, Scope.Scope> =>
  Effect.gen(function*() {
    const server = yield* listening(
      (error) => new UserError({ message: `descriptor ${fd}: ${error.message}` }),
      { fd },
      (socket) => accept(socket, socket.remoteAddress === undefined),
      failed
    )
    const address = server.address()
    return typeof address === "object" && address !== null ? `${address.address}:${address.port}` : `descriptor ${fd}`
  })
