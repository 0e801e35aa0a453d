// The server of a run that is looked at: the page, its socket, and figures for Prometheus.
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as RpcSerialization from "@effect/rpc/RpcSerialization"
import * as RpcServer from "@effect/rpc/RpcServer"
import { LiveRpcs } from "@swaplab/live"
import { Effect, Scope } from "effect"
import { createServer, type Server } from "node:http"
import type { Socket } from "node:net"
import { hostname } from "node:os"
import { UsageError } from "../exit.ts"
import { readToken } from "../token-file.ts"
import type { EngineThread } from "./engine-thread.ts"
import { cookieName, type GuardOptions, isLoopback, refusalOf } from "./guard.ts"
import { readPage, servedPage } from "./page.ts"
import { type Controls, viewerHandlers } from "./viewers.ts"

/** Where a server listens. */
export interface Listening {
  /** The command, for messages. */
  readonly command: string
  readonly address: string
  /** 0: any that is free. */
  readonly port: number
  readonly tokenFile: string | undefined
}

const HEADERS = {
  "cache-control": "no-store",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff"
}

const plain = (text: string, status: number) =>
  HttpServerResponse.text(`${text}\n`, { status, headers: { ...HEADERS, "content-type": "text/plain; charset=utf-8" } })

/** Turns away who may not ask. Who brings the token in the address gets it as a cookie, and the address without it. */
const guarded = <E, R>(options: GuardOptions, app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>) =>
  Effect.gen(function*() {
    const { headers, url } = yield* HttpServerRequest.HttpServerRequest
    const { pathname, searchParams } = new URL(url, "http://swaplab.invalid")
    const token = searchParams.get("token")
    const { authorization, cookie, host, origin } = headers
    const refusal = refusalOf({ authorization, cookie, host, origin, token }, options)
    if (refusal !== null) return plain(refusal.words, refusal.status)
    if (token === null || pathname !== "/") return yield* app
    return HttpServerResponse.empty({
      status: 303,
      headers: {
        ...HEADERS,
        location: "/",
        "set-cookie": `${cookieName(options.port)}=${encodeURIComponent(token)}; HttpOnly; SameSite=Strict; Path=/`
      }
    })
  })

const pageAt = (page: string) =>
  Effect.map(HttpServerRequest.HttpServerRequest, ({ headers }) => {
    const { html, policy } = servedPage(page, headers["host"] ?? "")
    return HttpServerResponse.text(html, {
      headers: { ...HEADERS, "content-type": "text/html; charset=utf-8", "content-security-policy": policy }
    })
  })

/** All connections to a server, those of pages too. */
const socketsOf = (server: Server): ReadonlySet<Socket> => {
  const sockets = new Set<Socket>()
  server.on("connection", (socket: Socket) => {
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket))
  })
  return sockets
}

const tokenOf = ({ address, command, tokenFile }: Listening): Effect.Effect<string | null, UsageError> => {
  if (tokenFile === undefined) {
    return isLoopback(address) ? Effect.succeed(null) : new UsageError({
      message: `${command}: --address ${address}: others reach this address, expected --token-file FILE too`
    })
  }
  return readToken(`${command}: --token-file`, tokenFile)
}

const cannotListen = ({ address, command, port }: Listening, cause: unknown): UsageError => {
  const code = (cause as { readonly code?: string }).code ?? String(cause)
  const reason = code === "EADDRINUSE"
    ? `--port ${port}: is in use on ${address}, expected another one, or 0 for any that is free`
    : `--address ${address} --port ${port}: cannot listen there: ${code}`
  return new UsageError({ message: `${command}: ${reason}` })
}

/** Listens and answers. */
const answering = (
  listening: Listening,
  server: Server,
  token: string | null,
  page: string,
  thread: EngineThread,
  controls: Controls
) =>
  Effect.gen(function*() {
    const { address, port } = listening
    const http = yield* NodeHttpServer.make(() => server, { host: address, port }).pipe(
      Effect.mapError(({ cause }) => cannotListen(listening, cause))
    )
    const live = yield* RpcServer.toHttpAppWebsocket(LiveRpcs, { disableTracing: true }).pipe(
      Effect.provide(LiveRpcs.toLayer(viewerHandlers(thread.shared, controls))),
      Effect.provide(RpcSerialization.layerMsgPack)
    )
    const bound = http.address._tag === "TcpAddress" ? http.address.port : port
    const metrics = Effect.map(thread.metrics, (text) =>
      HttpServerResponse.text(text, { headers: { ...HEADERS, "content-type": "text/plain; version=0.0.4" } }))
    const router = HttpRouter.empty.pipe(
      HttpRouter.get("/", pageAt(page)),
      HttpRouter.get("/live", live),
      HttpRouter.get("/metrics", metrics),
      Effect.catchTag("RouteNotFound", () =>
        Effect.succeed(plain("there is only / and /metrics", 404)))
    )
    const app = guarded({ address, port: bound, token, machine: hostname() }, router)
    yield* HttpServer.serveEffect(app).pipe(Effect.provideService(HttpServer.HttpServer, http))
    return `http://${shownHost(address)}:${bound}/`
  })

/** What a reader writes for an address. */
const shownHost = (address: string): string =>
  address === "0.0.0.0" || address === "::" ? hostname() : address.includes(":") ? `[${address}]` : address

/** Serves a run for as long as the scope is open. Returns the address of the page. */
export const serveLive = (
  listening: Listening,
  worker: URL,
  thread: EngineThread,
  controls: Controls
): Effect.Effect<string, UsageError, Scope.Scope> =>
  Effect.gen(function*() {
    const token = yield* tokenOf(listening)
    const page = readPage(worker)
    if (page === null) {
      return yield* new UsageError({ message: `${listening.command}: the page is not built: npm run page` })
    }
    const server = createServer()
    const sockets = socketsOf(server)
    const scope = yield* Scope.make()
    // a server and its sockets end when the last of their connections does, and the page of a viewer never does
    yield* Effect.addFinalizer((exit) =>
      Effect.zipRight(Effect.sync(() => sockets.forEach((socket) => socket.destroy())), Scope.close(scope, exit))
    )
    // what answers requests ends by interruption, wherever the server was started
    return yield* Effect.interruptible(Scope.extend(answering(listening, server, token, page, thread, controls), scope))
  })
