// Arguments and options that several sub-commands have.
import { Args, HelpDoc, Options, ValidationError } from "@effect/cli"
import { Effect } from "effect"
import { MAX_WORKERS } from "./pool.ts"

export const file = Args.text({ name: "file" }).pipe(Args.withDescription("A scenario (YAML)."))
export const set = Options.text("set").pipe(
  Options.withDescription(
    "Puts a value over the scenario's, path=value, such as clients.0.ram=128MiB. Any number of times."
  ),
  Options.repeated
)

/** An option with a whole number from `min` to `max`; the message of a wrong one names the option. */
export const wholeNumber = (name: string, min: number, description: string, max = Number.MAX_SAFE_INTEGER) =>
  Options.text(name).pipe(
    Options.withPseudoName("N"),
    Options.mapEffect((text) => {
      const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
      const range = max === Number.MAX_SAFE_INTEGER && !(value > max) ? `from ${min}` : `from ${min} to ${max}`
      return value >= min && value <= max
        ? Effect.succeed(value)
        : Effect.fail(
          ValidationError.invalidValue(
            HelpDoc.p(`swaplab: --${name}: got ${text}, expected a whole number ${range}`)
          )
        )
    }),
    Options.withDescription(description),
    Options.optional
  )

export const workers = wholeNumber(
  "workers",
  1,
  `Worker threads, at most ${MAX_WORKERS}. Without it, one a core. Results do not depend on it.`,
  MAX_WORKERS
)

export const seed = wholeNumber("seed", 0, "Runs this seed only.")
export const seeds = wholeNumber("seeds", 1, "Runs the seeds 1 to N.")
export const json = Options.boolean("json").pipe(
  Options.withDescription("Prints the result as JSON and nothing else.")
)
export const fresh = Options.boolean("fresh").pipe(
  Options.withDescription("Drops the runs in the directory of --out instead of going on from them.")
)

/** An option that takes a text, any number of times. */
export const texts = (name: string, description: string) =>
  Options.text(name).pipe(Options.withDescription(description), Options.repeated)

/** An option that takes a text. */
export const text = (name: string, description: string) =>
  Options.text(name).pipe(Options.withDescription(description), Options.optional)
