// One client with eight connections, all full of requests, and one with a single connection: how many requests of the first
// are answered before each of the second's. Counted in the server's own order, so neither time nor free cores matter.
import { Command } from "@swaplab/nbd"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, expect, it } from "vitest"
import { attach, type TestClient } from "../src/client.ts"
import { scratch, startServer, stopAll } from "../src/server.ts"
import { EXPORT_BYTES, serviceOrder } from "../src/service-order.ts"

afterEach(stopAll)

interface Asked {
  readonly type: number
  readonly length: number
  /** On each connection. */
  readonly requests: number
}

/** After `ready` with one connection of each client: how many requests of the hog the server answered before each of the modest client's. */
const hogBefore = async (
  config: string,
  asked: Asked,
  ready: (client: TestClient) => Promise<void>
): Promise<ReadonlyArray<number>> => {
  const log = join(scratch(), "log.tr")
  const server = await startServer(`${config}\nrecord: { transactions: ${log} }\n`)
  const hogs = await Promise.all(Array.from({ length: 8 }, () => attach(server.port, "swap-hog")))
  const single = await attach(server.port, "swap-modest")
  for (const client of [hogs[0], single]) await ready(client)
  const order = await serviceOrder(server, log, [{ clients: hogs, ...asked }, { clients: [single], ...asked }])
  let before = 0
  const counts: Array<number> = []
  for (const owner of order) {
    if (owner === 0) before++
    else counts.push(before)
  }
  expect([before, counts.length]).toEqual([8 * asked.requests, asked.requests])
  return counts
}

/** Fails with the first place where more than `most(k)` requests of the hog came before the modest client's k-th. */
const within = (counts: ReadonlyArray<number>, most: (k: number) => number): void => {
  const at = counts.findIndex((count, k) => count > most(k))
  if (at >= 0) expect.fail(`${counts[at]} requests of the hog before request ${at}, at most ${most(at)} expected`)
}

it("memory: turns of 32 requests go round, however many connections a client has", async () => {
  const asked = { type: Command.WriteZeroes, length: 4096, requests: 2000 }
  const counts = await hogBefore("swap: { swap-*: { size: 4 MiB } }", asked, async (client) => {
    expect((await client.write(0, Buffer.alloc(EXPORT_BYTES, 1))).error).toBe(0)
  })
  within(counts, (k) => 32 * (2 + Math.floor(k / 32)))
})

// pages that were read or written lately are in memory, and are read without a slot: each is read once
it.each([["syncs", Command.Flush, 0], ["reads of pages", Command.Read, 4096]])(
  "disk: %s of both clients alternate, but for those that end together",
  async (_what, type, length) => {
    const slots = 4
    const directory = scratch()
    const pages = Buffer.alloc(EXPORT_BYTES, 1)
    for (const name of ["swap-hog", "swap-modest"]) {
      writeFileSync(join(directory, encodeURIComponent(`${name}@127.0.0.1`)), pages)
    }
    const config = `limits: { diskRequests: ${slots} }
swap: { swap-*: { size: 4 MiB, header: false, store: file, directory: ${directory} } }`
    const asked = { type, length, requests: 100 }
    const counts = await hogBefore(config, asked, async (client) => {
      // the last page, which the backlog has no use for, is what the file had
      expect((await client.read(EXPORT_BYTES - 4096, 4096)).data.equals(pages.subarray(0, 4096))).toBe(true)
    })
    // all slots may come free in one round of the event loop, in which a connection asks for one
    within(counts, (k) => 8 * slots + slots * k)
  }
)
