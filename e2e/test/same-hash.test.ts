// The same scenario and seed give the same run, to the last event, in Node, in Chromium and in Firefox: their engines share
// neither the code that runs scripts nor that of floating-point functions.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { launch, left, note } from "../src/chromium.ts"
import { execute, fileWith, root, scratch } from "../src/command.ts"
import { leftFirefox, noteFirefox, openFirefox } from "../src/firefox.ts"
import { type NamedText, serveHashes } from "../src/hash-server.ts"
import { small, withLateClient } from "../src/scenarios.ts"

/** A scenario that ships, and ends after so much simulated time. */
const shipped = (file: string, duration: string): NamedText => {
  const text = readFileSync(join(root, "scenarios", file), "utf8")
  return [file, text.replace(/^duration: .*$/m, `duration: ${duration}`).replace(/^\$schema: .*\n/m, "")]
}

const client = (more: string): string => small().replace("cpus: 1", `cpus: 1\n    ${more}`)

/** Small, and using as much of the model as they can. */
const SCENARIOS: ReadonlyArray<NamedText> = [
  ["series.yaml", small()],
  ["slub.yaml", small().replace("allocator: slab, base: v3.6", "allocator: slub, base: v3.5")],
  ["late.yaml", withLateClient()],
  ["loss.yaml", small("lan: { loss: 0.1 % }").replace("cpus: 1", "cpus: 2\n    nic: { driver: e1000 }")],
  ["feb-2012.yaml", small().replace("base: v3.6", "base: feb-2012")],
  ["slow-port.yaml", client("link: { rate: 100 Mbit }")],
  ["reorder.yaml", small("faults: [{ what: reorder, where: client-1, at: 5 ms, for: 1 s, probability: 5 % }]")],
  ["cable.yaml", small("faults: [{ what: down, where: client-1, at: 10 ms, for: 300 ms }]")],
  ["encrypted.yaml", client("encryptSwap: true")],
  ["disk.yaml", small("server: { disk: hdd, pageCache: 4 MiB }")],
  shipped("busy.yaml", "60 ms"),
  shipped("lameter-2007.yaml", "200 ms"),
  ["huge-pages.yaml", client("thp: true")],
  shipped("seed-2012.yaml", "150 ms"),
  shipped("slow-client.yaml", "60 ms"),
  shipped("slub-2012.yaml", "200 ms"),
  shipped("two-cables.yaml", "50 ms"),
  shipped("two-nodes.yaml", "80 ms"),
  shipped("what-to-buy.yaml", "150 ms"),
  shipped("two-minutes.yaml", "250 ms")
]

/** Runs scenario files with the libs of the command, in one process. */
const IN_NODE = `
import { loadScenario, runCluster } from "@swaplab/cluster"
import { layerFiles } from "@swaplab/config"
import { Effect } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
for (const file of process.argv.slice(1)) {
  const { scenario } = await Effect.runPromise(Effect.provide(loadScenario(file), layerFiles(fs, path)))
  const { fingerprint, outcome } = runCluster(scenario, Object.keys(scenario.kernels)[0], 1)
  console.log(outcome + " " + fingerprint)
}`

const inNode = async (): Promise<ReadonlyArray<string>> => {
  const files = SCENARIOS.map(([name, text]) => fileWith(text, name))
  const { stderr, stdout } = await execute(process.execPath, ["--input-type=module", "-e", IN_NODE, ...files])
  expect(stderr).toBe("")
  return stdout.trim().split("\n")
}
let known: Promise<ReadonlyArray<string>> | null = null
const node = () => known ??= inNode()

describe("twenty scenarios", () => {
  it("are runs of their own in Node", async () => {
    expect(SCENARIOS).toHaveLength(20)
    expect(new Set(await node()).size).toBe(20)
    for (const end of await node()) expect(end).toMatch(/^(completed|timeout|lockup) [0-9a-f]{16}$/)
  })

  it.skipIf(left)(`come out the same in Chromium${note}`, async () => {
    const { close, ends, url } = await serveHashes(SCENARIOS)
    const browser = await launch()
    try {
      const page = await browser.newPage()
      await page.goto(url)
      expect(await ends).toEqual(await node())
    } finally {
      await browser.close()
      close()
    }
  })

  it.skipIf(leftFirefox)(`come out the same in Firefox${noteFirefox}`, async () => {
    const { close, ends, url } = await serveHashes(SCENARIOS)
    const firefox = openFirefox(url, scratch())
    try {
      expect(await ends).toEqual(await node())
    } finally {
      await firefox.end()
      close()
    }
  })
})
