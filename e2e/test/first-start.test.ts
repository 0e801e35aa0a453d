// A command right after `npm ci`: a clone without anything built in it.
import { appendFileSync, cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { type Ended, execute, root, scratch } from "../src/command.ts"

let clone = ""

/** What `git clone` and `npm ci` leave: sources, and links to packages. */
beforeAll(() => {
  clone = scratch()
  const built = new Set(["bundle", "node_modules", "dist", "out-tsc", "test-results.json"])
  for (const path of ["apps/nbd-server", "libs", "tools", "tsconfig.base.json", "package.json"]) {
    cpSync(join(root, path), join(clone, path), {
      recursive: true,
      filter: (source) => !built.has(source.slice(source.lastIndexOf("/") + 1))
    })
  }
  const modules = join(root, "node_modules")
  for (const name of readdirSync(modules)) {
    if (name.startsWith(".") || name === "@swaplab") continue
    mkdirSync(join(clone, "node_modules"), { recursive: true })
    symlinkSync(join(modules, name), join(clone, "node_modules", name))
  }
  mkdirSync(join(clone, "node_modules/@swaplab"))
  for (const name of readdirSync(join(clone, "libs"))) {
    symlinkSync(join(clone, "libs", name), join(clone, "node_modules/@swaplab", name))
  }
  // packages of which this one has a version of its own
  const own = join(root, "apps/nbd-server/node_modules")
  symlinkSync(own, join(clone, "apps/nbd-server/node_modules"))
})

const start = (): Promise<Ended> =>
  execute(process.execPath, [join(clone, "apps/nbd-server/bin/swaplab-nbd-server.cjs"), "--version"])

const said = (stderr: string): ReadonlyArray<string> => stderr.split("\n").filter((line) => line !== "")

describe("a command of a clone", () => {
  it("is built by its first start, once for two that start at the same time, and not again", async () => {
    const both = await Promise.all([start(), start()])
    expect(both.map(({ code }) => code)).toEqual([0, 0])
    expect(both.map(({ stdout }) => stdout.trim())).toEqual(["0.1.0", "0.1.0"])
    expect(both.flatMap(({ stderr }) => said(stderr))).toEqual([
      "swaplab-nbd-server: building from source before the first start ..."
    ])
    expect(await start()).toMatchObject({ code: 0, stderr: "" })
  })

  it("is built again where a source of a lib below it has changed", async () => {
    appendFileSync(join(clone, "libs/nbd/src/wire/bytes.ts"), "\n")
    const { code, stderr } = await start()
    expect({ code, said: said(stderr) }).toEqual({
      code: 0,
      said: ["swaplab-nbd-server: the sources have changed, building ..."]
    })
    expect((await start()).stderr).toBe("")
  })

  it("says why it cannot be built", async () => {
    writeFileSync(join(clone, "apps/nbd-server/src/version.ts"), "export const n = (\n")
    const { code, stderr } = await start()
    expect(code).toBe(1)
    expect(stderr).toMatch(/src\/version\.ts:2:0: ERROR: Unexpected end of file/)
    expect(said(stderr).at(-1)).toBe("swaplab-nbd-server: the build failed: see the lines above")
  })
})
