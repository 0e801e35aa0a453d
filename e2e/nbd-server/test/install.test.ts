// The server as an administrator installs and upgrades it: one tarball, no registry, and the stores stay.
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { attach } from "../src/client.ts"
import { ok } from "../src/peers.ts"
import { commandFile, execute, probe, root, type RunningServer, scratch, startServer, stopAll } from "../src/server.ts"

afterAll(stopAll)

const [packages, prefix] = [scratch(), scratch()]
const bin = join(prefix, "bin/swaplab-nbd-server")
const installed = join(prefix, "lib/node_modules/@swaplab/nbd-server")
const tarball = (version: string): string => join(packages, `swaplab-nbd-server-${version}.tgz`)
const install = (version: string): Promise<string> =>
  ok("npm", "install", "-g", "--prefix", prefix, "--offline", "--no-audit", "--no-fund", tarball(version))

/** The version that is worked on, and a later one. */
const { version } = JSON.parse(readFileSync(join(root, "apps/nbd-server/package.json"), "utf8")) as { version: string }
const NEXT = "999.0.0"

beforeAll(async () => {
  await ok(process.execPath, join(root, "tools/pack.mjs"), packages, "nbd-server")
  const copy = scratch()
  await ok("tar", "-xzf", tarball(version), "-C", copy)
  const manifest = join(copy, "package/package.json")
  writeFileSync(manifest, readFileSync(manifest, "utf8").replace(`"version": "${version}"`, `"version": "${NEXT}"`))
  await ok("npm", "pack", "--silent", "--pack-destination", packages, join(copy, "package"))
  await install(version)
})

it("is one package without a dependency, with its pages of the manual and its units", () => {
  expect(readdirSync(join(prefix, "lib/node_modules"))).toEqual(["@swaplab"])
  expect(readdirSync(join(prefix, "lib/node_modules/@swaplab"))).toEqual(["nbd-server"])
  expect(readdirSync(installed)).not.toContain("node_modules")
  expect(readdirSync(join(installed, "systemd")).sort()).toEqual([
    "swaplab-nbd-server.service",
    "swaplab-nbd-server.socket",
    "swaplab-nbd-server.sysusers"
  ])
  expect(readdirSync(join(prefix, "share/man"), { recursive: true, encoding: "utf8" })).toEqual(
    expect.arrayContaining(["man8/swaplab-nbd-server.8", "man5/swaplab-nbd-server.yaml.5"])
  )
})

it("an upgrade keeps the stores with their contents, and counts the same room as used", async () => {
  const folder = scratch()
  const start = (): Promise<RunningServer> =>
    startServer(
      `metrics: 127.0.0.1:0\nquota: 64 MiB\nswap: { swap-*: { size: 16 MiB, store: file, directory: ${folder} } }`,
      { shell: (command) => `exec ${command.replace(commandFile, bin)}` }
    )
  const page = (fill: number): Buffer => Buffer.alloc(65_536, fill)
  const used = async (server: RunningServer): Promise<string | undefined> =>
    /^nbd_swap_used_bytes (\d+)$/m.exec(await probe(server, "/metrics"))?.[1]
  const names = ["swap-a", "swap-b", "swap-c"]

  const before = await start()
  for (const [i, name] of names.entries()) {
    const client = await attach(before.port, name)
    expect((await client.write((i + 1) << 20, page(i + 1))).error).toBe(0)
    expect((await client.flush()).error).toBe(0)
    client.reset()
  }
  const usedBefore = await used(before)
  expect(Number(usedBefore)).toBeGreaterThanOrEqual(3 * 65_536)
  expect((await before.stop()).code).toBe(0)

  await install(NEXT)
  expect(await ok(process.execPath, bin, "--version")).toBe(`${NEXT}\n`)
  const after = await start()
  expect(await used(after)).toBe(usedBefore)
  for (const [i, name] of names.entries()) {
    const client = await attach(after.port, name)
    expect((await client.read((i + 1) << 20, 65_536)).data.equals(page(i + 1))).toBe(true)
  }
  expect((await execute(process.execPath, [bin, "check", "--memory", "1 MiB", "--listen", "127.0.0.1:0"])).code).toBe(0)
})
