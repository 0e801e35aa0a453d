// A small HTTP server for probes: /metrics, /healthz, /status. It changes nothing and says nothing of contents.
import { Effect, type Scope } from "effect"
import { createServer } from "node:http"
import { type Endpoint, endpointText } from "../config/addresses.ts"
import type { UserError } from "../exit.ts"
import { placeError } from "../net/place-error.ts"
import { metricsText } from "./metrics.ts"
import type { Operated } from "./operated.ts"
import type { Report } from "./report.ts"
import { statusOf } from "./status.ts"

/** Connections at once. */
export const MAX_PROBES = 64

/** Serves probes at an endpoint for as long as the scope lasts; returns where. */
export const serveProbes = (endpoint: Endpoint, operated: Operated): Effect.Effect<string, UserError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<{ readonly close: () => void; readonly at: string }, UserError>((resume) => {
      const http = createServer(
        { requestTimeout: 5000, headersTimeout: 5000, keepAliveTimeout: 1000 },
        (request, response) => {
          const answer = (status: number, type: string, text: string): void => {
            response.writeHead(status, { "content-type": type, "cache-control": "no-store" })
            response.end(text)
          }
          const reported = (tell: (report: Report) => void): void => {
            Effect.runFork(Effect.map(operated.report, tell))
          }
          if (request.method !== "GET" && request.method !== "HEAD") return answer(405, "text/plain", "GET only\n")
          switch (request.url) {
            case "/metrics":
              return reported((report) => answer(200, "text/plain; version=0.0.4; charset=utf-8", metricsText(report)))
            case "/healthz":
              return answer(200, "text/plain", "ok\n")
            case "/status":
              return reported((report) => answer(200, "application/json", JSON.stringify(statusOf(report))))
            default:
              return answer(404, "text/plain", "/metrics, /healthz, /status\n")
          }
        }
      )
      http.maxConnections = MAX_PROBES
      http.once("error", (error) => resume(placeError(error, endpoint)))
      const done = (): void => {
        const address = http.address()
        const at = endpoint.kind === "tcp" && typeof address === "object" && address !== null
          ? endpointText({ ...endpoint, port: address.port })
          : endpointText(endpoint)
        resume(Effect.succeed({ close: () => http.close().closeAllConnections(), at }))
      }
      if (endpoint.kind === "tcp") http.listen(endpoint.port, endpoint.host, done)
      else http.listen(endpoint.path, done)
    }),
    ({ close }) => Effect.sync(close)
  ).pipe(Effect.map(({ at }) => at))
