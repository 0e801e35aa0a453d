// The bin files of the apps build what is missing. The build itself is tested in e2e/test/first-start.test.ts.
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { isFresh, tryLock } from "../src/build-first.mjs"
import { files, read, workspaces } from "../src/workspace.mjs"

let folder = ""
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "swaplab-"))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Writes a file whose time is so many seconds after the epoch, as its folder's then is. */
const write = (path: string, seconds: number, text = ""): void => {
  const file = join(folder, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  utimesSync(file, seconds, seconds)
  utimesSync(dirname(file), seconds, seconds)
}

const project = (name: string, sources: number, ...references: ReadonlyArray<string>): string => {
  write(`${name}/tsconfig.lib.json`, 1, JSON.stringify({ references: references.map((path) => ({ path })) }))
  write(`${name}/src/deep/a.ts`, sources)
  write(`${name}/src/b.ts`, 1)
  return join(folder, name, "tsconfig.lib.json")
}

describe("an app is fresh", () => {
  it.each([
    ["never built", 10, 0, false],
    ["built after its sources", 10, 20, true],
    ["with a source that is newer", 30, 20, false]
  ])("%s", (_what, sources, built, fresh) => {
    const app = project("app", sources)
    if (built > 0) write("app/bundle/licences.txt", built)
    expect(isFresh(app)).toBe(fresh)
  })

  it("only if it was built after the sources of all that it references", () => {
    project("lib", 30)
    project("middle", 10, "../lib/tsconfig.lib.json")
    const app = project("app", 10, "../middle/tsconfig.lib.json")
    write("app/bundle/licences.txt", 20)
    expect(isFresh(app)).toBe(false)
    write("app/bundle/licences.txt", 40)
    expect(isFresh(app)).toBe(true)
  })

  it("only if no source has gone since", () => {
    const app = project("app", 10)
    write("app/bundle/licences.txt", 20)
    rmSync(join(folder, "app/src/b.ts"))
    expect(isFresh(app)).toBe(false)
  })
})

describe("the lock of a build", () => {
  const dead = (): number => spawnSync(process.execPath, ["-e", "0"]).pid

  it("is taken once, and says who has it", () => {
    const lock = join(folder, "lock")
    expect([tryLock(lock), tryLock(lock)]).toEqual([0, process.pid])
    expect(readFileSync(lock, "utf8")).toMatch(new RegExp(`^${process.pid} [-0-9a-f]{36}/\\d+$`))
  })

  it.each([
    ["nothing", ""],
    ["half a line", "x"],
    ["a process that has had the number of a living one", `${process.pid} 00000000-0000-0000-0000-000000000000/1`]
  ])("is taken over from %s", (_what, text) => {
    const lock = join(folder, "lock")
    writeFileSync(lock, text)
    expect(tryLock(lock)).toBe(0)
    expect(tryLock(lock)).toBe(process.pid)
  })

  it("is taken over from a process that has died, with the lock of one that died while it did that", () => {
    const lock = join(folder, "lock")
    const [first, second] = [dead(), dead()]
    writeFileSync(lock, String(first))
    writeFileSync(`${lock}.${first}`, String(second))
    expect(tryLock(lock)).toBe(0)
    expect(tryLock(lock)).toBe(process.pid)
    expect(existsSync(`${lock}.${first}`)).toBe(false)
  })
})

it("every command of a package is a file of the repository: npm links no other", () => {
  const all = new Set(files())
  const bins = workspaces().flatMap(({ folder }) =>
    Object.values((JSON.parse(read(`${folder}/package.json`)) as { bin?: Record<string, string> }).bin ?? {})
      .map((path) => join(folder, path))
  )
  expect(bins).toHaveLength(2)
  expect(bins.filter((path) => !all.has(path))).toEqual([])
})
