// A console without colours, for output that goes to no terminal. @effect/cli colours its help whatever it is written to.
import { type Console, Effect } from "effect"

const ESCAPE = String.fromCharCode(27)
const COLOUR = new RegExp(`${ESCAPE}\\[[0-9;]*m`, "g")

const plain = (values: ReadonlyArray<unknown>): ReadonlyArray<unknown> =>
  values.map((value) => (typeof value === "string" ? value.replace(COLOUR, "") : value))

/** `console` with the colours taken out of what is logged. */
export const plainConsole = (console: Console.Console): Console.Console => ({
  ...console,
  log: (...values) => console.log(...plain(values)),
  error: (...values) => console.error(...plain(values))
})

/** Takes the colours out of all that an effect prints, where `terminal` is false. */
export const withoutColours =
  (terminal: boolean) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    terminal ? effect : Effect.consoleWith((console) => Effect.withConsole(effect, plainConsole(console)))
