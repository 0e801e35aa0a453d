// The compiled code that the server keeps in $CACHE_DIRECTORY, with the real bundle: what a start uses, and what does not matter to it.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, expect, it } from "vitest"
import { attach } from "../src/client.ts"
import { type RunningServer, scratch, startServer, stopAll } from "../src/server.ts"

afterEach(stopAll)

const COMMAND = "run-command.code"

/** A server with this cache folder; `flags` are Node's. */
const start = (cache: string, { config = "", flags = "" } = {}): Promise<RunningServer> =>
  startServer(`exports: { scratch: { memory: 1 MiB } }\n${config}`, {
    shell: (command) => `CACHE_DIRECTORY='${cache}' NODE_OPTIONS='${flags}' exec ${command}`
  })

/** Ends a server that has served a client. Code is kept before a server stops. */
const serveAndStop = async (server: RunningServer): Promise<void> => {
  const client = await attach(server.port, "scratch")
  expect((await client.read(0, 4096)).error).toBe(0)
  client.reset()
  expect(await server.stop()).toEqual({ code: 0, signal: null })
}

it("starts from the code of an earlier start; code of another V8, and a damaged file, are replaced", async () => {
  const cache = scratch()
  const file = join(cache, COMMAND)
  const inodeAfter = async (flags = ""): Promise<number> => {
    await serveAndStop(await start(cache, { flags }))
    expect(readdirSync(cache)).toEqual([COMMAND])
    expect(statSync(file).mode & 0o777).toBe(0o600)
    return statSync(file).ino
  }
  const made = await inodeAfter()
  expect(await inodeAfter()).toBe(made)

  // V8 refuses code that was made under other flags, as it refuses that of another version
  const other = await inodeAfter("--stack-trace-limit=20")
  expect(other).not.toBe(made)
  const again = await inodeAfter()
  expect(again).not.toBe(other)

  const whole = readFileSync(file)
  const flipped = Buffer.from(whole)
  flipped[flipped.length >> 1] ^= 0x10
  let before = again
  for (const bytes of [flipped, whole.subarray(0, whole.length >> 1)]) {
    writeFileSync(file, bytes)
    const replaced = await inodeAfter()
    expect(replaced).not.toBe(before)
    before = replaced
  }
})

it("keeps the code of its processes, too", async () => {
  const cache = scratch()
  const server = await start(cache, { config: "processes: 2" })
  await server.until(() => readdirSync(cache).includes("run-member.code") || undefined)
  await serveAndStop(server)
  expect(readdirSync(cache).sort()).toEqual([COMMAND, "run-member.code"])
  const inodes = (): ReadonlyArray<number> => readdirSync(cache).map((name) => statSync(join(cache, name)).ino)
  const made = inodes()
  await serveAndStop(await start(cache, { config: "processes: 2" }))
  expect(inodes()).toEqual(made)
})

it("says once that the folder cannot be written, and serves", async () => {
  const cache = join(scratch(), "missing")
  const server = await start(cache)
  await server.event("code not kept")
  await serveAndStop(server)
  expect(server.events.filter(({ event }) => event === "code not kept")).toEqual([
    expect.objectContaining({ file: join(cache, COMMAND), why: expect.stringContaining("ENOENT") })
  ])
})

it("keeps nothing without a folder", async () => {
  const server = await startServer("exports: { scratch: { memory: 1 MiB } }", {
    shell: (command) => `unset CACHE_DIRECTORY; exec ${command}`
  })
  await serveAndStop(server)
  expect(server.events.map(({ event }) => event)).not.toContain("code not kept")
})
