import { serverFor, serversOf } from "#src/scenario/servers.ts"
import { buildCluster, decodeScenario, runCluster, type RunResult } from "@swaplab/cluster"
import type { Mapping } from "@swaplab/config"
import { Either } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { scenario, SMALL } from "./clusters.ts"

const FIVE = { servers: [{ name: "s", count: 5 }] }
const run = (...of: Parameters<typeof scenario>): RunResult => runCluster(scenario(...of), "slub-series", 1)

const decode = (more: Mapping, ...clients: ReadonlyArray<Mapping>) =>
  decodeScenario("f.yaml", {
    name: "x",
    kernels: { k: { allocator: "slub", base: "v3.6" } },
    clients: clients.length === 0 ? [{}] : clients,
    ...more
  })
const problems = (...of: Parameters<typeof decode>): ReadonlyArray<string> =>
  Either.match(decode(...of), {
    onLeft: (error) => error.problems.map(({ path, text }) => `${path.join(".")}: ${text}`),
    onRight: ({ warnings }) => warnings.map(({ path, text }) => `warning ${path.join(".")}: ${text}`)
  })

describe("servers", () => {
  it("a list of one server called server is the section server, event by event", () => {
    const config = { cpus: 1, pageCache: "8 MiB", disk: "sata-ssd" } as const
    const one = run([SMALL], { server: config })
    const list = run([SMALL], { servers: [{ name: "server", ...config }] })
    expect(list.fingerprint).toBe(one.fingerprint)
    expect(list.servers).toEqual(one.servers)
    expect(run([SMALL]).fingerprint).toBe(run([SMALL], { servers: [{}] }).fingerprint)
  })

  it("of five each client has one by the hash of its name, and what it does there is counted there", () => {
    const result = run([{ ...SMALL, count: 8 }], FIVE)
    expect(result.outcome).toBe("completed")
    expect(result.laws.filter(({ holds }) => !holds)).toEqual([])
    const of = (law: string) => result.laws.filter((entry) => entry.law === law).map(({ subject }) => subject)
    expect(of("Little's law")).toEqual(["s-1", "s-2", "s-3", "s-4", "s-5"])
    expect(of("packets conserved").filter((subject) => subject.endsWith("received"))).toHaveLength(13)
    const servers = serversOf(scenario([SMALL], FIVE))
    const written = servers.map(({ name }) =>
      result.clients.filter((client) => serverFor(servers, client.name, undefined).name === name)
        .reduce((sum, { swapOutBytes }) => sum + swapOutBytes, 0)
    )
    // FNV-1a of client-1 to client-8 modulo 5
    expect(written.map((bytes) => bytes > 0)).toEqual([true, true, true, true, true])
    result.servers.forEach(({ name, writeBytes }, i) => {
      expect(name).toBe(`s-${i + 1}`)
      // a discarded page is counted out and not written
      expect(writeBytes).toBeLessThanOrEqual(written[i])
      expect(writeBytes).toBeGreaterThan(0.9 * written[i])
    })
    expect(result.network.servers.map(({ name }) => name)).toEqual(["s-1", "s-2", "s-3", "s-4", "s-5"])
    const last = (name: string): number => result.series.columns.find((one) => one.name === name)?.values.at(-1) ?? -1
    result.servers.forEach(({ name, requests }) => {
      expect(last(`${name}.requests`)).toBeGreaterThanOrEqual(requests)
    })
  })

  it("FNV-1a: the vectors of its authors", () => {
    // 32 bits of "", "a" and "foobar": 0x811c9dc5, 0xe40c292c, 0xbf9cf968; as many servers as tell them apart
    const servers = Array.from({ length: 65_521 }, (_, i) => ({ name: String(i), entry: "x" }))
    const of = (name: string): string => serverFor(servers, name, undefined).name
    expect([of(""), of("a"), of("foobar")]).toEqual(
      [0x811c9dc5, 0xe40c292c, 0xbf9cf968].map((hash) => String(hash % 65_521))
    )
  })

  it("a client's server depends on its name and on the list alone, and the name of an entry stands for its machines", () => {
    const list = serversOf(scenario([SMALL], { servers: [{ name: "a" }, { name: "b", count: 3 }] }))
    expect(list.map(({ name }) => name)).toEqual(["a", "b-1", "b-2", "b-3"])
    fc.assert(
      fc.property(fc.string(), (client) => {
        expect(list).toContain(serverFor(list, client, undefined))
        expect(serverFor(list, client, "b").entry).toBe("b")
        expect(serverFor(list, client, "b-2").name).toBe("b-2")
        expect(serverFor(list, client, "b")).toBe(serverFor(list.slice(1), client, undefined))
      }),
      { seed: 11 }
    )
  })

  it("swap and root of a client may lie on two servers, whose links are both on its way", () => {
    const group = { ...SMALL, server: "swap", root: { server: "images", size: "16 MiB", format: "ext4" } } as const
    const of = scenario(
      [group, { ...SMALL, name: "other", root: { size: "16 MiB", image: "other", format: "ext4" } }],
      {
        servers: [{ name: "images" }, { name: "swap" }, { name: "third" }]
      }
    )
    const { clients, servers } = buildCluster(of, "slub-series", 1)
    expect(clients[0].servers.map(({ name }) => name)).toEqual(["swap", "images"])
    expect(clients[1].servers).toHaveLength(1)
    const exports = servers.map(({ machine: { server } }) => [...server.images.keys()])
    expect(exports[0]).toContain("root")
    expect(exports[1]).not.toContain("root")
  })
})

describe("mistakes about servers", () => {
  it.each<[string, Mapping, ReadonlyArray<Mapping>, ReadonlyArray<string>]>([
    ["both", { server: {}, servers: [{}] }, [], [
      "servers: server is given, too, expected one of the two: server for one, servers for a list"
    ]],
    ["none", { servers: [] }, [], ["servers: got [], expected a list of at least one server"]],
    ["a count", { servers: [{ count: 0 }] }, [], ["servers.0.count: got 0, expected a whole number from 1 to 100"]],
    ["an unknown key", { servers: [{ cpu: 2 }] }, [], [`servers.0.cpu: unknown key, did you mean "cpus"?`]],
    ["two of a name", { servers: [{ name: "a" }, { name: "a", cpus: 3 }] }, [], [
      `servers.1.name: got "a", expected a name that no other server has`
    ]],
    ["a client's name", { servers: [{ name: "client-1" }] }, [], [
      `servers.0.name: got "client-1", expected a name that no client has`
    ]],
    ["a taken name", { servers: [{ name: "switch" }] }, [], [
      `servers.0.name: got "switch", expected another name, this one is taken`
    ]],
    ["a group's server", { servers: [{ name: "a", count: 2 }] }, [{ server: "a-3" }], [
      `clients.0.server: got "a-3", expected a server of this scenario: did you mean a-1?`
    ]],
    ["a root's server", {}, [{ root: { server: "images" } }], [
      `clients.0.root.server: got "images", expected a server of this scenario: server`
    ]],
    [
      "a disk",
      {
        servers: [{}, {
          name: "b",
          disk: { read: { median: "2 ms", p99: "1 ms" }, write: { median: "2 ms", p99: "2 ms" } }
        }]
      },
      [],
      [`servers.1.disk.read.p99: got "1 ms", expected a time that is not shorter than the median`]
    ],
    ["a key that has moved", { servers: [{ link: { queue: "1 MiB" } }] }, [], [
      "servers.0.link.queue: has another name, expected lan.switch.portLimit for what may wait for a port of the switch, which "
      + "this key limited, or server.nic.txRing and server.nic.txQueue for the card's own queue"
    ]],
    ["a cache before memory", { servers: [{ pageCache: "1 GiB" }] }, [], [
      `warning servers.0.pageCache: "1 GiB" has no effect: servers[0].disk is memory: nothing is ever read from behind the cache`
    ]],
    ["a server of nobody", { servers: [{ name: "a" }, { name: "b", count: 2 }] }, [{ server: "a" }], [
      "warning servers.1: no client has b-1, b-2"
    ]],
    ["a root's server on a disk", { servers: [{ name: "a" }] }, [{ root: { from: "disk", server: "a" } }], [
      `warning clients.0.root.server: "a" has no effect: the image is on a disk of the client`
    ]]
  ])("%s", (_, more, clients, expected) => {
    expect(problems(more, ...clients)).toEqual(expected)
  })
})
