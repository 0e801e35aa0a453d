import { expect, it } from "vitest"
import { read, workspaces } from "../src/workspace.mjs"

const { version } = JSON.parse(read("package.json")) as { version: string }

it("all packages have the version of the workspace; `npm version … --workspaces` sets it", () => {
  const others = workspaces().filter(({ folder }) => JSON.parse(read(`${folder}/package.json`)).version !== version)
  expect(others.map(({ name }) => name)).toEqual([])
})

it("CHANGELOG.md begins with it", () => {
  expect(/^## (\S+)/m.exec(read("CHANGELOG.md"))?.[1]).toBe(version)
})

it("each package that is published says in its manifest what it is about", () => {
  const published = workspaces().map(({ folder }) => JSON.parse(read(`${folder}/package.json`)))
    .filter((manifest) => manifest.private !== true)
  expect(published.length).toBeGreaterThan(20)
  const silent = published.filter(({ description, keywords }) =>
    typeof description !== "string" || !Array.isArray(keywords) || keywords.length < 3
  )
  expect(silent.map(({ name }) => name)).toEqual([])
})
