// What viewers of a run hear, and what becomes of what they ask for.
import type { Act, Ask, LiveRpcs, SharedRun, Update } from "@swaplab/live"
import { Effect, Queue, Stream } from "effect"

/** Viewers at most. */
const MAX_VIEWERS = 64

/** At least so long between two updates of a viewer: a page shows no more. */
const UPDATE_MS = 40

/** What a viewer can have done. Each returns why it cannot be; empty: it is done. */
export interface Controls {
  readonly play: (ask: Extract<Ask, { readonly kind: "play" }>) => string
  readonly pause: () => string
  readonly acts: (acts: ReadonlyArray<Act>, atNs: number) => string
}

/** Updates of one viewer, from what it has on. */
const updatesFor = (
  shared: SharedRun,
  { afterNs, client, run }: { readonly afterNs: number; readonly client: string | null; readonly run: string }
): Stream.Stream<Update> =>
  Stream.unwrapScoped(Effect.gen(function*() {
    const news = yield* Queue.sliding<void>(1)
    yield* Effect.acquireRelease(
      Effect.sync(() => shared.join(() => news.unsafeOffer(undefined), client)),
      (leave) => Effect.sync(leave)
    )
    news.unsafeOffer(undefined)
    let seen = { run, afterNs, client }
    const next = Effect.gen(function*() {
      yield* Queue.take(news)
      const update = shared.update(seen)
      if (update === null) return []
      const times = new Float64Array(update.batch.timesNs.buffer)
      const begun = update.run === seen.run ? seen.afterNs : -1
      seen = { run: update.run, afterNs: times.at(-1) ?? begun, client }
      return [update]
    })
    return Stream.repeatEffect(Effect.zipLeft(next, Effect.sleep(UPDATE_MS))).pipe(Stream.flattenIterables)
  }))

/** What the calls of viewers do. */
export const viewerHandlers = (shared: SharedRun, controls: Controls) => {
  type Handlers = Parameters<typeof LiveRpcs.of>[0]
  const handlers: Handlers = {
    watch: (seen) =>
      shared.viewers >= MAX_VIEWERS
        ? Stream.fail(`${MAX_VIEWERS} viewers look at this run, which is the most that there can be`)
        : updatesFor(shared, seen),
    ask: ({ ask }) =>
      Effect.sync(() => {
        switch (ask.kind) {
          case "play":
            return controls.play(ask)
          case "pause":
            return controls.pause()
          case "acts":
            return controls.acts(ask.acts, ask.atNs)
        }
      })
  }
  return handlers
}
