// The token of the control socket: a file with at least 16 characters.
import type { Finding } from "@swaplab/config"
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { fileWords } from "../check/paths.ts"
import { UserError } from "../exit.ts"

const LEAST = 16

const read = (file: string): { readonly token: string } | { readonly wrong: string } => {
  try {
    const token = readFileSync(file, "utf8").trim()
    return token.length >= LEAST ? { token } : { wrong: `expected at least ${LEAST} characters in it` }
  } catch (error) {
    return { wrong: fileWords(error) }
  }
}

const words = (file: string, wrong: string): string => `got ${JSON.stringify(file)}, ${wrong}`

/** What is wrong with a token file, or null. */
export const tokenMistake = (file: string): Finding | null => {
  const found = read(file)
  return "token" in found ? null : { path: ["control", "tokenFile"], text: words(file, found.wrong) }
}

/** The token in a file; it must be worth something. `name` is that of the key or option. */
export const readToken = (file: string, name = "control.tokenFile"): Effect.Effect<string, UserError> =>
  Effect.suspend(() => {
    const found = read(file)
    return "token" in found
      ? Effect.succeed(found.token)
      : new UserError({ message: `${name}: ${words(file, found.wrong)}` })
  })
