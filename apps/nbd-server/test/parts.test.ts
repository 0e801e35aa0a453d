import { Command, decodeRequestHeader, Request } from "@swaplab/nbd"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { allowList, endpointOf, endpointText } from "../src/config/addresses.ts"
import { decodeConfig } from "../src/config/load.ts"
import { activationFds } from "../src/net/activation.ts"
import { parsePskFile } from "../src/net/tls.ts"
import { makeLog } from "../src/ops/log.ts"
import { statusText } from "../src/ops/status.ts"
import { PcapConnection, pcapngHeader } from "../src/record/pcapng.ts"
import { logReply, logRequest } from "../src/record/transaction-log.ts"

describe("addresses", () => {
  it.each([["127.0.0.1:10809"], ["[::1]:80"], ["localhost:0"], ["unix:/run/a.sock"]])("%s is a place", (text) => {
    const endpoint = endpointOf(text)
    expect(endpoint === null ? null : endpointText(endpoint)).toBe(text)
  })
  it.each([["10809"], ["a.b.c.d:1"], ["1.2.3.4:70000"], ["unix:"], ["::1:80"]])(
    "%s is none",
    (text) => expect(endpointOf(text)).toBe(null)
  )
  it("an allow-list", () => {
    const may = allowList(["192.168.0.0/16", "::1"])
    expect(["192.168.7.7", "::1", "192.169.0.1", "unix", ""].map(may)).toEqual([true, true, false, false, false])
    expect(allowList(null)("anything")).toBe(true)
  })
})

describe("descriptors of systemd", () => {
  it.each([
    [{ LISTEN_FDS: "2", LISTEN_PID: "7" }, [3, 4]],
    [{ LISTEN_FDS: "2", LISTEN_PID: "8" }, []],
    [{ LISTEN_PID: "7" }, []],
    [{}, []]
  ])("%j: %j", (env, fds) => {
    const own: NodeJS.ProcessEnv = { ...env }
    expect(activationFds(own, 7)).toEqual(fds)
    expect(own).toEqual({})
  })
  it("nonsense is a mistake", () => {
    expect(() => activationFds({ LISTEN_FDS: "x", LISTEN_PID: "7" }, 7)).toThrow(/LISTEN_FDS/)
  })
})

it("pre-shared keys", () => {
  expect([...parsePskFile("f", "# keys\nalice:00ff\n\n")]).toEqual([["alice", Buffer.from([0, 255])]])
  expect(() => parsePskFile("f", "alice:0")).toThrow(/line 1/)
})

it("the log, as text and as JSON", () => {
  const lines: Array<string> = []
  makeLog("text", (line) => lines.push(line), () => null)("attached", { address: "::1", export: "a b", tls: false })
  makeLog("json", (line) => lines.push(line), () => "now")("ready", {})
  makeLog("json", (line) => lines.push(line), () => null)("not accepted", { why: "a\nb" })
  expect(lines).toEqual([
    "<6>attached address=::1 export=\"a b\" tls=false",
    "{\"time\":\"now\",\"event\":\"ready\"}",
    "<3>{\"event\":\"not accepted\",\"why\":\"a\\nb\"}"
  ])
})

it("the status as tables", () => {
  const client = {
    client: "swap-a",
    connections: 1,
    requests: 100,
    errors: 0,
    bytesRead: 0,
    bytesWritten: 0,
    p50Us: 10,
    p99Us: 20,
    heldBytes: 0
  }
  const before = { connections: 1, handshakes: 0, clients: [client], stores: [], findsVanished: true }
  const now = { ...before, clients: [{ ...client, requests: 350, bytesRead: 2 ** 20 }] }
  expect(statusText(before, now, 1)).toMatch(/swap-a +1 +250 +1 MiB\/s +0 B\/s +10 µs +20 µs +0\n/)
})

it("the schema fills in what is not said", async () => {
  const config = await Effect.runPromise(decodeConfig("f", { swap: { "swap-*": { size: "512 MiB" } } }))
  expect(config.listen).toEqual(["127.0.0.1:10809"])
  expect(config.swap["swap-*"]).toMatchObject({
    size: 2 ** 29,
    store: "memory",
    per: "name",
    header: true,
    grace: 600_000,
    keep: false
  })
  expect(config.limits).toMatchObject({ handshake: 10_000, inFlight: 64 })
})

it("the transaction log has compact headers, whatever the connection spoke", () => {
  const request = Object.assign(new Request(), {
    extended: true,
    type: Command.Write,
    cookieLo: 9,
    offsetLo: 4096,
    lengthLo: 512,
    flags: 0x21
  })
  const read = new Request()
  expect(decodeRequestHeader(logRequest(request), 0, false, read)).toBe(true)
  expect([read.type, read.offset, read.length, read.cookieLo]).toEqual([1, 4096, 512, 9])
  expect(Buffer.from(logReply(request, 5)).toString("hex")).toBe("67446698000000050000000000000009")
})

it("pcapng: blocks whose lengths agree, sequence numbers of the stream", () => {
  const blocks: Array<Uint8Array> = [pcapngHeader()]
  const connection = new PcapConnection("10.1.2.3", 5, () => 1_700_000_000_000_000, (bytes) => blocks.push(bytes))
  connection.received(new Uint8Array(28))
  connection.sent(new Uint8Array(70_000))
  connection.received(new Uint8Array(3))
  connection.closed()
  const file = Buffer.concat(blocks)
  const types: Array<number> = []
  const sequences: Array<number> = []
  for (let at = 0; at < file.length;) {
    const length = file.readUInt32LE(at + 4)
    expect(file.readUInt32LE(at + length - 4)).toBe(length)
    types.push(file.readUInt32LE(at))
    if (file.readUInt32LE(at) === 6) sequences.push(file.readUInt32BE(at + 8 + 44))
    at += length
  }
  expect(types).toEqual([0x0a0d0d0a, 1, 6, 6, 6, 6, 6, 6, 6])
  expect(sequences).toEqual([0, 0, 1, 1, 65_001, 29, 70_001])
})
