// Statements for many jobs at once: what is asked within a moment goes to Postgres together, because each way there and back costs
// more than the statement itself.
import { Deferred, Effect, Exit } from "effect"
import { BATCH_MS, MOST_IN_BATCH } from "./settings.ts"

interface Waiting<A, B, E> {
  readonly item: A
  readonly answer: Deferred.Deferred<B | null, E>
}

/** Asks for one item, and all that come within `BATCH_MS` at once. Null: there is no answer for this key. */
export const batched = <A extends { readonly key: string }, B extends { readonly key: string }, E>(
  ask: (items: ReadonlyArray<A>) => Effect.Effect<ReadonlyArray<B>, E>
): (item: A) => Effect.Effect<B | null, E> => {
  let waiting: Array<Waiting<A, B, E>> = []
  const askAll = Effect.suspend(() => {
    const these = waiting.splice(0, MOST_IN_BATCH)
    // a statement may not have a key twice
    const items = [...new Map(these.map(({ item }) => [item.key, item])).values()]
    return Effect.flatMap(Effect.exit(ask(items)), (exit) => {
      const found = Exit.isSuccess(exit) ? new Map(exit.value.map((row) => [row.key, row])) : null
      return Effect.forEach(
        these,
        ({ answer, item }) => Deferred.done(answer, Exit.map(exit, () => found?.get(item.key) ?? null)),
        { discard: true }
      )
    })
  })
  const askSoon = Effect.zipRight(
    Effect.sleep(BATCH_MS),
    Effect.repeat(askAll, { while: () => waiting.length > 0 })
  )
  return (item) =>
    Effect.gen(function*() {
      const answer = yield* Deferred.make<B | null, E>()
      waiting.push({ item, answer })
      if (waiting.length === 1) yield* Effect.forkDaemon(askSoon)
      return yield* Deferred.await(answer)
    })
}
