// One line about what goes on. On a terminal it is written over by the next one, and wiped out at the end. Into a pipe or a
// file go the first line, one every 30 seconds and the last, so that a log shows that something goes on.
import { Clock, Effect, Ref } from "effect"
import { breakText } from "./text-words.ts"

/** What lines are written to; standard error of a process fits. */
export interface ProgressOutput {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly write: (text: string) => unknown
}

/** Lines that replace each other. */
export interface Ticker {
  readonly show: (text: string) => Effect.Effect<void>
  /** Wipes the line of a terminal out; ends a log with the last line, where that says something new. */
  readonly end: Effect.Effect<void>
}

/** Milliseconds between two lines of a log. */
const EVERY = 30_000
/** What each line of a log begins with. */
const PROGRESS = "progress: "

const terminalTicker = (output: ProgressOutput): Ticker => ({
  show: (text) =>
    Effect.sync(() => {
      // a pseudo-terminal without a size says 0; the last column stays empty, so that no terminal begins a new line
      const columns = output.columns === undefined || output.columns === 0 ? 80 : output.columns
      output.write(`\r${breakText(text, Math.max(1, columns - 1))[0]}\u001b[K`)
    }),
  end: Effect.sync(() => {
    output.write("\r\u001b[K")
  })
})

const logTicker = (output: ProgressOutput): Effect.Effect<Ticker> =>
  Effect.gen(function*() {
    const state = yield* Ref.make({ text: "", written: "", millis: Number.NEGATIVE_INFINITY })
    const write = (text: string): void => {
      output.write(`${PROGRESS}${text}\n`)
    }
    return {
      show: (text) =>
        Effect.gen(function*() {
          const millis = yield* Clock.currentTimeMillis
          const { millis: last, written } = yield* Ref.get(state)
          const due = millis - last >= EVERY
          if (due) write(text)
          yield* Ref.set(state, due ? { text, written: text, millis } : { text, written, millis: last })
        }),
      end: Effect.map(Ref.get(state), ({ text, written }) => {
        if (text !== written) write(text)
      })
    }
  })

/** A ticker on an output. */
export const makeTicker = (output: ProgressOutput): Effect.Effect<Ticker> =>
  output.isTTY === true ? Effect.succeed(terminalTicker(output)) : logTicker(output)
