import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { type KeepCode, type NotKept, startProgram } from "../src/kept-code.ts"

let [folder, program, cache, file] = ["", "", "", ""]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kept-code-"))
  program = join(folder, "program.cjs")
  cache = join(folder, "cache")
  file = join(cache, "program.code")
  mkdirSync(cache)
  write("first")
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A program that says a word; how long it is depends on the length of the word alone. */
const write = (word: string): void =>
  writeFileSync(
    program,
    `const said = () => "${word}"; exports.run = (keepCode) => globalThis.started = { said: said(), keepCode }`
  )

interface Started {
  readonly said: string
  readonly keepCode: KeepCode
}

const start = (folders: string | undefined = cache): Started => {
  startProgram(program, folders === undefined ? {} : { CACHE_DIRECTORY: folders })
  return (globalThis as unknown as { started: Started }).started
}

/** Starts it, and lets it keep its code. */
const startAndKeep = (folders?: string): NotKept | null => start(folders).keepCode()

/** Changes with each file that is put in place. */
const inode = (): number => statSync(file).ino

describe("a program", () => {
  it("keeps its code once, for its user alone, and starts from it", () => {
    expect(start().said).toBe("first")
    expect(readdirSync(cache)).toEqual([])
    expect(startAndKeep()).toBeNull()
    expect(readdirSync(cache)).toEqual(["program.code"])
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const kept = inode()
    expect(start().said).toBe("first")
    expect(startAndKeep()).toBeNull()
    expect(inode()).toBe(kept)
  })

  it.each([undefined, ""])("keeps nothing where CACHE_DIRECTORY is %j", (folders) => {
    startProgram(program, { CACHE_DIRECTORY: folders })
    expect((globalThis as unknown as { started: Started }).started.keepCode()).toBeNull()
    expect(existsSync("program.code")).toBe(false)
    expect(readdirSync(folder).sort()).toEqual(["cache", "program.cjs"])
  })

  it("takes the first of several folders", () => {
    expect(startAndKeep(`${cache}:${folder}`)).toBeNull()
    expect(readdirSync(folder).sort()).toEqual(["cache", "program.cjs"])
    expect(readdirSync(cache)).toEqual(["program.code"])
  })

  it("never runs the code of another source, even of the same length, and replaces it", () => {
    startAndKeep()
    const kept = inode()
    write("other")
    const { keepCode, said } = start()
    expect(said).toBe("other")
    expect(keepCode()).toBeNull()
    expect(inode()).not.toBe(kept)
    expect(start().said).toBe("other")
  })

  it("does not mind a file that is cut short, or with a byte that is another one, and replaces it", () => {
    startAndKeep()
    const whole = readFileSync(file)
    const { length } = whole
    const damaged = [
      ...[0, 1, 31, 32, 33, 64, length - 1].map((end) => whole.subarray(0, end)),
      ...Array.from({ length: 40 }, (_, i) => {
        const copy = Buffer.from(whole)
        copy[i < 32 ? i : Math.floor(32 + (i - 32) / 8 * (length - 32))] ^= 1 << (i % 8)
        return copy
      }),
      Buffer.concat([whole, Buffer.from([0])])
    ]
    for (const bytes of damaged) {
      writeFileSync(file, bytes)
      const before = inode()
      const { keepCode, said } = start()
      expect(said).toBe("first")
      expect(keepCode()).toBeNull()
      expect(inode()).not.toBe(before)
    }
    const kept = inode()
    startAndKeep()
    expect(inode()).toBe(kept)
  })

  it("takes no code that somebody else may have written", () => {
    startAndKeep()
    const elsewhere = join(folder, "elsewhere")
    writeFileSync(elsewhere, readFileSync(file))
    rmSync(file)
    symlinkSync(elsewhere, file)
    expect(startAndKeep()).toBeNull()
    expect(statSync(file).ino).not.toBe(statSync(elsewhere).ino)
    const changes = [
      () => chmodSync(file, 0o620),
      // root alone can give a file away
      ...(process.geteuid?.() === 0 ? [() => chownSync(file, 65_534, 65_534)] : [])
    ]
    for (const change of changes) {
      change()
      const before = inode()
      expect(startAndKeep()).toBeNull()
      expect(inode()).not.toBe(before)
    }
  })

  it.each([
    ["is no folder", "program.cjs", /ENOTDIR/],
    ["is not there", "nowhere", /ENOENT/]
  ])("starts where the cache folder %s, and says that", (_what, name, why) => {
    const { keepCode, said } = start(join(folder, name))
    expect(said).toBe("first")
    expect(keepCode()).toEqual({ file: join(folder, name, "program.code"), why: expect.stringMatching(why) })
    expect(readdirSync(folder).sort()).toEqual(["cache", "program.cjs"])
  })

  it("starts where a folder stands in the place of the file, and leaves nothing beside it", () => {
    mkdirSync(file)
    const { keepCode, said } = start()
    expect(said).toBe("first")
    expect(keepCode()?.why).toMatch(/EISDIR|EEXIST|ENOTEMPTY/)
    expect(readdirSync(cache)).toEqual(["program.code"])
  })
})
