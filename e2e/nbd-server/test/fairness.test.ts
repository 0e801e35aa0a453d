// One client with eight connections, all full of requests, and one with a single connection: how many requests of the first
// are answered before each of the second's. Counted in the server's own order, so neither time nor free cores matter.
import { Command } from "@swaplab/nbd"
import { join } from "node:path"
import { afterEach, expect, it } from "vitest"
import { attach } from "../src/client.ts"
import { scratch, startServer, stopAll } from "../src/server.ts"
import { serviceOrder } from "../src/service-order.ts"

afterEach(stopAll)

interface Asked {
  readonly type: number
  readonly length: number
  /** On each connection. */
  readonly requests: number
}

/** How many requests of the hog the server answered before each of the modest client's. */
const hogBefore = async (config: string, hog: Asked, modest: Asked): Promise<ReadonlyArray<number>> => {
  const log = join(scratch(), "log.tr")
  const server = await startServer(`${config}\nrecord: { transactions: ${log} }\n`)
  const hogs = await Promise.all(Array.from({ length: 8 }, () => attach(server.port, "swap-hog")))
  const single = await attach(server.port, "swap-modest")
  for (const client of [hogs[0], single]) {
    expect((await client.write(0, Buffer.alloc(2 << 20, 1))).error).toBe(0)
  }
  const order = await serviceOrder(server, log, [{ clients: hogs, ...hog }, { clients: [single], ...modest }])
  let before = 0
  const counts: Array<number> = []
  for (const owner of order) {
    if (owner === 0) before++
    else counts.push(before)
  }
  expect([before, counts.length]).toEqual([8 * hog.requests, modest.requests])
  return counts
}

/** Fails with the first place where more than `most(k)` requests of the hog came before the modest client's k-th. */
const within = (counts: ReadonlyArray<number>, most: (k: number) => number): void => {
  const at = counts.findIndex((count, k) => count > most(k))
  if (at >= 0) expect.fail(`${counts[at]} requests of the hog before request ${at}, at most ${most(at)} expected`)
}

it("memory: turns of 32 requests go round, however many connections a client has", async () => {
  const requests = { type: Command.WriteZeroes, length: 4096, requests: 2000 }
  const counts = await hogBefore("swap: { swap-*: { size: 4 MiB } }", requests, requests)
  within(counts, (k) => 32 * (2 + Math.floor(k / 32)))
})

it.each([["syncs", Command.Flush, 0], ["reads of a page", Command.Read, 4096]])(
  "disk: %s of both clients alternate, but for those that end together",
  async (_what, type, length) => {
    const slots = 4
    const config = `limits: { diskRequests: ${slots} }
swap: { swap-*: { size: 4 MiB, header: false, store: file, directory: ${scratch()} } }`
    const asked = { type, length, requests: 100 }
    const counts = await hogBefore(config, asked, asked)
    // all slots may come free in one round of the event loop, in which a connection asks for one
    within(counts, (k) => 8 * slots + slots * k)
  }
)
