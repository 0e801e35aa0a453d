// The control socket: one line of JSON in, one line out. It switches faults, so every line needs the token.
import { decodeTree, treeOf } from "@swaplab/config"
import { Effect, Either, Schema, type Scope } from "effect"
import { createHash, timingSafeEqual } from "node:crypto"
import { connect, type Socket } from "node:net"
import { FaultPlanSchema } from "../config/schema.ts"
import { UserError } from "../exit.ts"
import { listenAt } from "../net/listen.ts"
import type { Operated } from "./operated.ts"
import { statusOf } from "./status.ts"

/** What can be asked for. */
const ControlRequest = Schema.Union(
  Schema.Struct({ token: Schema.String, command: Schema.Literal("status") }),
  Schema.Struct({
    token: Schema.String,
    command: Schema.Literal("faults"),
    export: Schema.String,
    plan: FaultPlanSchema
  }),
  Schema.Struct({ token: Schema.String, command: Schema.Literal("drop"), export: Schema.String })
)

/** Longest line. */
export const MAX_LINE = 65536

const digest = (text: string): Buffer => createHash("sha256").update(text).digest()

/** The answer to one line. */
const answerTo = (line: string, token: string, operated: Operated): Effect.Effect<unknown> => {
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch {
    return Effect.succeed({ error: "expected one line of JSON" })
  }
  const given: unknown = typeof json === "object" && json !== null ? Reflect.get(json, "token") : undefined
  if (typeof given !== "string" || !timingSafeEqual(digest(given), digest(token))) {
    return Effect.succeed({ error: "wrong token" })
  }
  const request = decodeTree(ControlRequest, [], treeOf(json, "request"))
  if (Either.isLeft(request)) return Effect.succeed({ error: request.left.message })
  const { right } = request
  if (right.command === "status") return Effect.map(operated.report, statusOf)
  return operated.switch({ export: right.export, plan: right.command === "faults" ? right.plan : null })
}

const converse = (socket: Socket, token: string, operated: Operated): void => {
  let text = ""
  socket.setTimeout(10_000, () => socket.destroy())
  socket.on("error", () => {})
  socket.on("end", () => socket.end())
  socket.setEncoding("utf8")
  socket.on("data", (data: string) => {
    text += data
    const end = text.indexOf("\n")
    if (end < 0 && text.length > MAX_LINE) socket.destroy()
    if (end < 0) return
    Effect.runFork(Effect.map(answerTo(text.slice(0, end), token, operated), (answer) => {
      socket.end(`${JSON.stringify(answer)}\n`)
    }))
    text = ""
  })
  socket.resume()
}

/** Listens at a control socket for as long as the scope lasts. */
export const serveControl = (
  path: string,
  token: string,
  operated: Operated
): Effect.Effect<string, UserError, Scope.Scope> =>
  listenAt({ kind: "unix", path }, (socket) => converse(socket, token, operated), () => {})

/** Sends one request to a control socket, and returns the answer. */
export const askControl = (path: string, request: object): Effect.Effect<unknown, UserError> =>
  Effect.async((resume) => {
    let text = ""
    const socket = connect(path)
    socket.setEncoding("utf8")
    socket.on("error", (error) => resume(new UserError({ message: `${path}: ${error.message}` })))
    socket.on("data", (data: string) => (text += data))
    socket.on("end", () => {
      const answer: unknown = JSON.parse(text === "" ? "null" : text)
      resume(Effect.succeed(answer))
    })
    socket.write(`${JSON.stringify(request)}\n`)
  })
