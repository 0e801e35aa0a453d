// The control socket of swaplab-nbd-server: a line of JSON there, a line of JSON back.
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { connect } from "node:net"
import { UsageError } from "../exit.ts"

/** What it can be asked for; a plan of faults is one of docs/nbd-server/reference.md. */
export type ControlRequest =
  | { readonly command: "status" }
  | { readonly command: "faults"; readonly export: string; readonly plan: Readonly<Record<string, unknown>> }
  | { readonly command: "drop"; readonly export: string }

/** A control socket, and the token that it wants. */
export interface Control {
  readonly path: string
  /** Resolves to what the server refuses in words, or to null where it has done it. Rejects where nobody answers. */
  readonly ask: (request: ControlRequest) => Promise<string | null>
}

const asked = (path: string, line: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = ""
    const socket = connect(path)
    socket.setEncoding("utf8").on("data", (data: string) => (text += data))
    socket.on("error", reject)
    socket.on("end", () => resolve(text))
    socket.write(`${line}\n`)
  })

const controlAt = (path: string, token: string): Control => ({
  path,
  ask: async (request) => {
    const answer: unknown = JSON.parse(await asked(path, JSON.stringify({ token, ...request })))
    if (typeof answer !== "object" || answer === null) return "said nothing"
    return "error" in answer ? String(answer.error) : null
  }
})

/** Opens it by --control and --control-token; asks it once, so that a wrong token is told before anything begins. */
export const openControl = (path: string, tokenFile: string): Effect.Effect<Control, UsageError> =>
  Effect.gen(function*() {
    const token = yield* Effect.try({
      try: () => readFileSync(tokenFile, "utf8").trim(),
      catch: (error) => new UsageError({ message: `--control-token ${tokenFile}: ${(error as Error).message}` })
    })
    const control = controlAt(path, token)
    const refused = yield* Effect.tryPromise({
      try: () => control.ask({ command: "status" }),
      catch: (error) =>
        new UsageError({
          message: `--control ${path}: ${(error as Error).message}, expected the control socket of swaplab-nbd-server`
        })
    })
    return refused === null ? control : yield* new UsageError({ message: `--control ${path}: ${refused}` })
  })
