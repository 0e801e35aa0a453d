// What a command gives out on standard output: text, or bytes for a file.
import { Console, Effect } from "effect"
import { stdout } from "node:process"
import { UsageError } from "./exit.ts"

/** Bytes that are handed over at a time: a pipe takes them as fast as its reader does. */
const PIECE = 1024 * 1024

const handOver = (bytes: Uint8Array): Effect.Effect<void> =>
  Effect.async<void>((resume) => {
    stdout.write(bytes, () => resume(Effect.void))
  })

/** Writes text as lines; bytes go to a file or a pipe only. */
export const writeOut = (content: string | Uint8Array): Effect.Effect<void, UsageError> => {
  if (typeof content === "string") return Console.log(content.trimEnd())
  if (stdout.isTTY) {
    return new UsageError({ message: "export: this format is no text: send it to a file, as in: > FILE" })
  }
  const pieces = Array.from({ length: Math.ceil(content.length / PIECE) }, (_, i) => i * PIECE)
  return Effect.forEach(pieces, (at) => handOver(content.subarray(at, at + PIECE)), { discard: true })
}
