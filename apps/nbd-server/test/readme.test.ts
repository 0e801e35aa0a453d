// The examples of the README are configurations that the server takes.
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { expect, it } from "vitest"
import { decodeYaml } from "../src/config/load.ts"

const documents = [
  "README.md",
  "../../docs/nbd-server/reference.md",
  "../../docs/nbd-server/ltsp.md",
  "../../docs/nbd-server/security.md"
]
const examples = documents.flatMap((document) => {
  const text = readFileSync(new URL(`../${document}`, import.meta.url), "utf8")
  return [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, yaml], i) => ({ name: `${document} ${i + 1}`, yaml }))
})

it("there are some", () => expect(examples.length).toBeGreaterThan(3))

it.each(examples)("$name", async ({ name, yaml }) => {
  const config = await Effect.runPromise(decodeYaml(name, yaml))
  expect(Object.keys({ ...config.exports, ...config.swap }).length).toBeGreaterThan(0)
})
