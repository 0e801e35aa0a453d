import { beforeAll, describe, expect, it } from "vitest"
import { execute, fileWith, swaplab } from "../src/command.ts"
import { available, nodeOf, versions } from "../src/nodes.ts"
import { type Client, type Result, resultOf, runJson, withoutHost } from "../src/results.ts"
import { small, withLateClient } from "../src/scenarios.ts"

const fingerprints = (result: Result): ReadonlyArray<string> =>
  result.runs.map(({ fingerprint, kernel, seed }) => `${kernel} ${seed} ${fingerprint}`)

const twoKernels = (): string => small().replace("kernels:\n", "kernels:\n  vanilla: { allocator: slub, base: v3.5 }\n")

/** One cell of the file above. */
const CELL = ["--seed", "2", "--kernel", "patched"]

const file = fileWith(twoKernels())
let all: Result
let cell: Result
beforeAll(async () => {
  all = await runJson(file, "--seeds", "3", "--workers", "1")
  cell = await runJson(file, ...CELL)
})

describe("the same file and seed", () => {
  it("give the same result in two processes, and with any number of workers", async () => {
    expect(all.runs).toHaveLength(6)
    expect(all.runs[0].events).toBeGreaterThan(10_000)
    expect(withoutHost(await runJson(file, "--seeds", "3", "--workers", "2"))).toEqual(withoutHost(all))
  })

  it("give another result with another seed, and with another kernel", () => {
    expect(new Set(all.runs.map(({ fingerprint }) => fingerprint)).size).toBe(6)
  })

  it("of one cell give what they give among all cells", () => {
    expect(fingerprints(cell)).toHaveLength(1)
    expect(fingerprints(all)).toContain(fingerprints(cell)[0])
  })

  it.skipIf(!available).each(versions)("give the same result on %s", async (version) => {
    const node = await nodeOf(version)
    const { stdout } = await execute(node, ["--version"])
    expect(stdout.trim().split(".")[0]).toBe(version.replace("node", "v"))
    const there = resultOf(await swaplab(["run", file, "--json", ...CELL], { node }))
    expect(withoutHost(there)).toEqual(withoutHost(cell))
  })
})

/** What a client has done by the time its workload ends; its background packets go on as long as the run does. */
const workOf = (client: Client): unknown => ({
  ...client,
  network: null,
  sysNs: null,
  vmstat: Object.entries(client.vmstat).filter(([name]) =>
    /^(allocstall|kswapd_|pageoutrun|pgactivate|pgdeactivate|pgfault|pgmajfault|pgscan|pgsteal|pswp)/.test(name)
  )
})

it("adding a client changes no other client's random numbers", async () => {
  const clientOf = (seed: number): Client =>
    all.runs.find((run) => run.kernel === "patched" && run.seed === seed)!.clients[0]
  const before = clientOf(1)
  const together = await runJson(fileWith(withLateClient()))
  const after = together.runs[0].clients.find(({ name }) => name === before.name)!
  expect(together.runs[0].clients.map(({ name }) => name)).toEqual(["added-1", "client-1"])
  expect(before.swapInBytes).toBeGreaterThan(0)
  // it works alone until it is done, so with the same numbers all that it does is the same, to the nanosecond
  expect(workOf(after)).toEqual(workOf(before))
  // and it can tell: another seed makes a difference
  const other = clientOf(2)
  expect(workOf(other)).not.toEqual(workOf(before))
})
