// swaplab capacity --server: how many clients a real server carries. A host that is busy cannot say: then no number is claimed.
import { join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { withPrograms } from "../src/peers.ts"
import { listening } from "../src/ports.ts"
import { fileWith, scratch, spawnPeer, startServer, stopAll } from "../src/server.ts"
import { swaplab } from "../src/swaplab.ts"

afterEach(stopAll)

// some 15 MB of swap for each client
const SCENARIO = `
name: small
duration: 8 s
seeds: 1
kernels: { series: { allocator: slab, base: v3.6 } }
clients:
  - name: client
    ram: 16 MiB
    swap: 48 MiB
    workload: { usemem: { processesPerCpu: 1, size: 20 MiB, passes: 2 } }
slo:
  - client.elapsed < 7 s
`

const SEARCH = ["--from", "1", "--to", "8", "--holds", "50%", "--sure", "60%", "--within", "90%", "--json"]

withPrograms("nbdkit")("nbdkit that carries 24 Mbit/s of all clients together", async () => {
  const socket = join(scratch(), "nbd")
  spawnPeer("nbdkit", ["-f", "-U", socket, "--filter=rate", "memory", "384M", "rate=24M", "burstiness=0.5"])
  await listening(socket)
  const uri = `nbd+unix:///?socket=${socket}`
  const { code, stderr, stdout } = await swaplab("capacity", fileWith(SCENARIO), "--server", uri, ...SEARCH)
  expect(stderr).toContain("what limits the server is not searched, because it is a real one")
  const { atLeast, failsAt, state } = JSON.parse(stdout) as {
    readonly atLeast: number | null
    readonly failsAt: number | null
    readonly state: string
  }
  if (code === 97) {
    expect(stderr).toContain("a run was not judged, which ends the search")
    expect(state).not.toBe("decided")
  } else {
    expect([code, state]).toEqual([0, "decided"])
    // 3 MB/s carry at most one or two of them in 7 s
    expect(atLeast ?? 0).toBeGreaterThanOrEqual(1)
    expect(failsAt ?? 9).toBeLessThanOrEqual(5)
  }
})

describe("before anything runs", () => {
  it("the export must have room for the most clients of the search", async () => {
    const server = await startServer("exports: { swap: { memory: 100 MiB } }")
    const uri = `nbd://127.0.0.1:${server.port}/swap`
    const { code, stderr } = await swaplab("capacity", fileWith(SCENARIO), "--server", uri, ...SEARCH)
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining("has 100 MiB, expected at least 384 MiB for the swap of 8 clients")
    ])
  })

  it("there is one run at a time", async () => {
    const uri = "nbd://127.0.0.1:1/swap"
    const more = [...SEARCH, "--workers", "2"]
    const { code, stderr } = await swaplab("capacity", fileWith(SCENARIO), "--server", uri, ...more)
    expect([code, stderr]).toEqual([2, expect.stringContaining("--workers 2: expected none with --server")])
  })
})
