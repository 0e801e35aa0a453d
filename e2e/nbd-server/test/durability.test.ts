// The file store and kill -9 of the server: what was answered is there afterwards, a request that was not whole never shows,
// and nobody's bytes are another's.
import { encodeRequest } from "@swaplab/nbd"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, expect, it } from "vitest"
import { attach, type TestClient } from "../src/client.ts"
import { Ledger } from "../src/ledger.ts"
import { withPrograms } from "../src/peers.ts"
import { seeded } from "../src/random.ts"
import { execute, type RunningServer, scratch, startServer, stopAll } from "../src/server.ts"

afterEach(stopAll)

const SEED = 20120731
const PAGES = 512
const ROUNDS = 7

/** A WRITE of 64 KiB at an offset, of which only so many bytes are sent. */
const half = (client: TestClient, offset: number, bytes: number): void => {
  const whole = Buffer.alloc(28 + 65_536, 0xff)
  encodeRequest(whole, 0, 0, 1, 0, 1, offset, 65_536)
  client.socket.write(whole.subarray(0, bytes))
}

it("kill -9 at seven seeded points under three clients: all that was answered is there, whole, and nobody else's", async () => {
  const folder = scratch()
  const config = `
exports: { disk: { file: ${folder}/disk.img, size: 4 MiB } }
swap: { swap-*: { size: 4 MiB, store: file, directory: ${folder} } }
`
  const below = seeded(SEED)
  // the other half of each export stays as it was: there, only requests arrive that are not whole
  const ledgers = [new Ledger(1, PAGES), new Ledger(2, PAGES - 16, 16), new Ledger(3, PAGES - 16, 16)]
  const names = ["disk", "swap-a", "swap-b"]
  for (let round = 0; round <= ROUNDS; round++) {
    const server = await startServer(config)
    for (const [i, name] of names.entries()) {
      const client = await attach(server.port, name)
      expect(await ledgers[i].faults(client)).toEqual([])
      const { data } = await client.read(PAGES * 4096, PAGES * 4096)
      expect(data.equals(Buffer.alloc(PAGES * 4096))).toBe(true)
      client.reset()
    }
    if (round === ROUNDS) break
    const clients = await Promise.all(names.map(async (name) => [
      await attach(server.port, name),
      await attach(server.port, name)
    ]))
    for (const name of names) half(await attach(server.port, name), PAGES * 4096, 29 + below(65_500))
    const before = ledgers.reduce((sum, { answers }) => sum + answers, 0)
    const work = Promise.all(ledgers.map((ledger, i) => ledger.writeUntilLost(clients[i], 8)))
    const kill = before + 1 + below(500)
    await server.until(() => ledgers.reduce((sum, { answers }) => sum + answers, 0) >= kill || undefined)
    await server.stop("SIGKILL")
    await work
  }
  // the last round wrote nothing: all stores are what the last kill left
  for (const { answers } of ledgers) expect(answers).toBeGreaterThan(100)
})

it("a payload that stops in the middle changes nothing, however the connection ends", async () => {
  const folder = scratch()
  const server = await startServer(`exports: { disk: { file: ${folder}/disk.img, size: 1 MiB } }`)
  const ends: ReadonlyArray<(client: TestClient) => void> = [
    (client) => client.reset(),
    (client) => client.socket.destroy(),
    (client) => client.socket.end()
  ]
  for (const bytes of [28, 29, 28 + 4096, 28 + 40_000, 28 + 65_535]) {
    for (const end of ends) {
      const client = await attach(server.port, "disk")
      half(client, 65_536, bytes)
      const seen = server.events.length
      end(client)
      await server.until(() => server.events.slice(seen).find(({ event }) => event === "detached"))
    }
  }
  expect(readFileSync(join(folder, "disk.img")).every((byte) => byte === 0)).toBe(true)
  // and one that is whole does
  const client = await attach(server.port, "disk")
  half(client, 65_536, 28 + 65_536)
  await client.take(16)
  expect((await client.read(65_536, 65_536)).data.every((byte) => byte === 0xff)).toBe(true)
})

withPrograms("fio")("fio verifies all that it was answered for before each of two kills", async () => {
  const below = seeded(SEED)
  for (let round = 0; round < 2; round++) {
    const folder = scratch()
    const config = `
metrics: 127.0.0.1:0
exports: { disk: { file: ${folder}/disk.img, size: 128 MiB } }
`
    const fio = (server: RunningServer, ...more: ReadonlyArray<string>) =>
      // fio knows what was answered only of jobs with one request at a time: four of them
      execute("fio", [
        "--name=v",
        "--ioengine=nbd",
        `--uri=nbd://127.0.0.1:${server.port}/disk`,
        "--thread",
        "--numjobs=4",
        "--iodepth=1",
        "--rw=randwrite",
        "--bs=4k",
        "--size=32m",
        "--offset_increment=32m",
        "--verify=crc32c",
        "--group_reporting",
        `--aux-path=${folder}`,
        ...more
      ])
    const server = await startServer(config)
    const writing = fio(
      server,
      "--do_verify=0",
      "--verify_state_save=1",
      `--fsync=${8 << round * 3}`,
      `--randseed=${SEED}`
    )
    const kill = 500 + below(4000)
    const requests = async (): Promise<number> => {
      const url = `http://127.0.0.1:${server.probes}/status`
      const { clients } = await (await fetch(url)).json() as { clients: ReadonlyArray<{ requests: number }> }
      return clients.reduce((sum, client) => sum + client.requests, 0)
    }
    while (await requests() < kill);
    await server.stop("SIGKILL")
    await writing
    expect(readdirSync(folder).filter((name) => name.endsWith("verify.state"))).toHaveLength(4)
    const next = await startServer(config)
    const { code, output } = await fio(next, "--verify_only=1", "--verify_state_load=1", `--randseed=${SEED}`)
    expect(`${code} ${output}`).toMatch(/^0 [\s\S]*err= 0/)
    expect(Number(/issued rwts: total=(\d+)/.exec(output)?.[1])).toBeGreaterThan(400)
    await next.stop("SIGKILL")
  }
})
