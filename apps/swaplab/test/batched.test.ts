import { Effect, Either } from "effect"
import { expect, it } from "vitest"
import { batched } from "../src/many-machines/batched.ts"

const rows = (keys: ReadonlyArray<string>) => keys.map((key) => ({ key }))

it("asks for all that comes within a moment at once, for each key once", async () => {
  const asked: Array<ReadonlyArray<string>> = []
  const ask = batched((items: ReadonlyArray<{ readonly key: string }>) =>
    Effect.sync(() => {
      asked.push(items.map(({ key }) => key))
      return items.filter(({ key }) => key !== "none").map(({ key }) => ({ key, of: asked.length }))
    })
  )
  const found = await Effect.runPromise(
    Effect.forEach(rows(["a", "b", "a", "none"]), ask, { concurrency: "unbounded" })
  )
  expect(asked).toEqual([["a", "b", "none"]])
  expect(found).toEqual([{ key: "a", of: 1 }, { key: "b", of: 1 }, { key: "a", of: 1 }, null])
  expect(await Effect.runPromise(ask({ key: "c" }))).toEqual({ key: "c", of: 2 })
})

it("asks for no more than 64 in one statement, and again for what comes later", async () => {
  const sizes: Array<number> = []
  const ask = batched((items: ReadonlyArray<{ readonly key: string }>) =>
    Effect.sync(() => {
      sizes.push(items.length)
      return items
    })
  )
  const many = rows(Array.from({ length: 150 }, (_, i) => String(i)))
  expect(await Effect.runPromise(Effect.forEach(many, ask, { concurrency: "unbounded" }))).toEqual(many)
  expect(sizes).toEqual([64, 64, 22])
})

it("tells everybody of a statement that has failed, and goes on", async () => {
  let fails = true
  const ask = batched((items: ReadonlyArray<{ readonly key: string }>) =>
    fails ? Effect.fail("away" as const) : Effect.succeed(items)
  )
  const both = Effect.forEach(rows(["a", "b"]), (item) => Effect.either(ask(item)), { concurrency: "unbounded" })
  expect(await Effect.runPromise(both)).toEqual([Either.left("away"), Either.left("away")])
  fails = false
  expect(await Effect.runPromise(ask({ key: "a" }))).toEqual({ key: "a" })
})
