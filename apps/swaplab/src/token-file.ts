// A file with a token, which lets somebody in.
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { UsageError } from "./exit.ts"

/** The token of a file; `option` names it in what is said. */
export const readToken = (option: string, file: string): Effect.Effect<string, UsageError> =>
  Effect.try({
    try: () => readFileSync(file, "utf8").trim(),
    catch: (error) => new UsageError({ message: `${option} ${file}: ${String(error)}` })
  }).pipe(
    Effect.filterOrFail(
      (token) => /^[\x21-\x7e]{16,200}$/.test(token),
      () =>
        new UsageError({
          message:
            `${option} ${file}: expected one line of 16 to 200 characters without blanks, such as from openssl rand -hex 16`
        })
    )
  )
