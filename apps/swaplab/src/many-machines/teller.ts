// What a command says of its cluster on standard error: each thing once, until it has changed.
import { Console, Effect } from "effect"
import type { Placement } from "./placement.ts"
import type { ClusterUrl } from "./url.ts"

/** See `tellerOf`. */
export interface Teller {
  /** Postgres does not answer. */
  readonly away: (error: { readonly _tag: string }) => Effect.Effect<void>
  /** It does. */
  readonly answers: Effect.Effect<void>
  readonly noWorker: Effect.Effect<void>
  readonly workers: (placement: Placement) => Effect.Effect<void>
}

const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? "" : "s"}`

/** Says how things stand with a cluster. */
export const tellerOf = ({ shown }: ClusterUrl): Teller => {
  let away = false
  const say = (words: string) => Console.error(`swaplab: --cluster ${shown}: ${words}`)
  const turn = (now: boolean, words: string) =>
    Effect.suspend(() => {
      if (away === now) return Effect.void
      away = now
      return say(words)
    })
  return {
    away: ({ _tag }) =>
      _tag === "Lost" ? Effect.void : turn(true, "does not answer; the jobs go on as soon as it does"),
    answers: turn(false, "answers again"),
    noWorker: say("no worker is there; waits for one: swaplab worker --cluster …, on any machine"),
    workers: ({ cores, workers }) => say(`${counted(workers, "worker")} with ${counted(cores, "core")}`)
  }
}
