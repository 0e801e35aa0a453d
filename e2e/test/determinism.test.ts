import { describe, expect, it } from "vitest"
import { execute, fileWith, swaplab } from "../src/command.ts"
import { available, nodeOf, versions } from "../src/nodes.ts"
import { type Client, type Result, resultOf, runJson, withoutHost } from "../src/results.ts"
import { small, withLateClient } from "../src/scenarios.ts"

const fingerprints = (result: Result): ReadonlyArray<string> =>
  result.runs.map(({ fingerprint, kernel, seed }) => `${kernel} ${seed} ${fingerprint}`)

describe("the same file and seed", () => {
  it("give the same result in two processes, and with any number of workers", async () => {
    const file = fileWith(small())
    const first = await runJson(file, "--seeds", "2", "--workers", "1")
    expect(first.runs).toHaveLength(2)
    expect(first.runs[0].events).toBeGreaterThan(10_000)
    expect(withoutHost(await runJson(file, "--seeds", "2", "--workers", "1"))).toEqual(withoutHost(first))
    expect(withoutHost(await runJson(file, "--seeds", "2", "--workers", "2"))).toEqual(withoutHost(first))
  })

  it("give another result with another seed", async () => {
    const result = await runJson(fileWith(small()), "--seeds", "3")
    expect(new Set(result.runs.map(({ fingerprint }) => fingerprint)).size).toBe(3)
  })

  it("of one cell give what they give among all cells", async () => {
    const file = fileWith(
      small().replace("kernels:\n", "kernels:\n  vanilla: { allocator: slub, base: v3.5 }\n")
    )
    const all = await runJson(file, "--seeds", "2")
    const one = await runJson(file, "--seed", "2", "--kernel", "patched")
    expect(all.runs).toHaveLength(4)
    expect(fingerprints(one)).toHaveLength(1)
    expect(fingerprints(all)).toContain(fingerprints(one)[0])
  })

  it.skipIf(!available).each(versions)("give the same result on %s", async (version) => {
    const file = fileWith(small())
    const here = await runJson(file)
    const node = await nodeOf(version)
    const { stdout } = await execute(node, ["--version"])
    expect(stdout.trim().split(".")[0]).toBe(version.replace("node", "v"))
    const there = resultOf(await swaplab(["run", file, "--json"], { node }))
    expect(withoutHost(there)).toEqual({ ...(withoutHost(here) as object) })
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
  const [alone, together] = await Promise.all([runJson(fileWith(small())), runJson(fileWith(withLateClient()))])
  const [before] = alone.runs[0].clients
  const after = together.runs[0].clients.find(({ name }) => name === before.name)!
  expect(together.runs[0].clients.map(({ name }) => name)).toEqual(["added-1", "client-1"])
  expect(before.swapInBytes).toBeGreaterThan(0)
  // it works alone until it is done, so with the same numbers all that it does is the same, to the nanosecond
  expect(workOf(after)).toEqual(workOf(before))
  // and it can tell: another seed makes a difference
  const [other] = (await runJson(fileWith(small()), "--seed", "2")).runs[0].clients
  expect(workOf(other)).not.toEqual(workOf(before))
})
