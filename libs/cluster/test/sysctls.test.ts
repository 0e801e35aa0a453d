// Sysctls in a scenario: every row of the table, at every kind of machine; mistakes, and what has no effect.
import { buildCluster, loadScenario, Scenario, scenarioJsonSchema } from "@swaplab/cluster"
import { type ConfigError, formatFinding, parseOverride } from "@swaplab/config"
import { SYSCTLS, type Sysctls } from "@swaplab/kernel"
import type { SysctlRow } from "@swaplab/net-skb"
import { PGMAJFAULT, PSWPIN } from "@swaplab/page-alloc"
import { Effect, Either, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { scenario, SMALL, started } from "./clusters.ts"
import { filesInMemory, MINIMAL } from "./scenario-files.ts"

const ROWS = Object.entries<SysctlRow>(SYSCTLS)

/** A value that is not the default, one that is none, and how the message calls what was expected. */
const examples = (row: SysctlRow): readonly [other: unknown, wrong: unknown, words: string] => {
  switch (row.kind) {
    case "name":
      return [row.names.find((name) => name !== row.standard), "vegas", row.names.join(" or ")]
    case "whole":
      return [row.standard === row.max ? row.min : row.max, row.max + 1, `a whole number from ${row.min} to ${row.max}`]
    case "triple":
      return [[8192, 16_384, 65_536], [8192, 65_536, 16_384], "three whole numbers"]
  }
}

const load = (text: string, sets: ReadonlyArray<string> = []) => {
  const overrides = sets.map((set) => Either.getOrThrow(parseOverride("--set", set)))
  return Effect.runSync(
    Effect.either(Effect.provide(loadScenario("x.yaml", overrides), filesInMemory({ "x.yaml": text })))
  )
}

const mistake = (text: string, sets: ReadonlyArray<string> = []): string => {
  const result = load(text, sets)
  return Either.isLeft(result) ? (result.left as ConfigError).message : "no error"
}

const warnings = (text: string): ReadonlyArray<string> =>
  Either.getOrThrow(load(text)).warnings.map(formatFinding).filter((line) => line.includes("sysctl"))

const yaml = (sysctl: Readonly<Record<string, unknown>>): string => JSON.stringify(sysctl)
const client = (sysctl: Readonly<Record<string, unknown>>, more = ""): string =>
  MINIMAL.replace("- name: client", `- { name: client, sysctl: ${yaml(sysctl)}${more} }`)
const server = (sysctl: Readonly<Record<string, unknown>>): string => `${MINIMAL}\nserver: { sysctl: ${yaml(sysctl)} }`
const applications = (sysctl: Readonly<Record<string, unknown>>): string =>
  `${MINIMAL}\napplications: { sysctl: ${yaml(sysctl)} }`

describe.each(ROWS)("%s", (name, row) => {
  const [other, wrong, words] = examples(row)

  it("is taken by clients, servers and applications", () => {
    for (const text of [client, server, applications]) expect(mistake(text({ [name]: other }))).toBe("no error")
  })

  it("with a value out of range is a mistake with path, line, value and range", () => {
    const found = typeof wrong === "string" ? `"${wrong}"` : JSON.stringify(wrong)
    const message = mistake(client({ [name]: wrong }))
    expect(message).toMatch(/^x\.yaml:6:\d+: /)
    expect(message).toContain(`clients[0].sysctl["${name}"]: got ${found}, expected ${words}`)
    expect(mistake(server({ [name]: wrong }))).toContain(`server.sysctl["${name}"]: got ${found}`)
  })

  it("stands in the JSON Schema with what it does", () => {
    expect(scenarioJsonSchema()).toMatchObject({
      properties: {
        clients: {
          items: {
            properties: {
              sysctl: { properties: { [name]: { description: expect.stringContaining(row.meaning) as string } } }
            }
          }
        }
      }
    })
  })

  it("reaches the machine", () => {
    const sysctl = { [name]: other } as Sysctls
    const given = Schema.decodeUnknownSync(Scenario)({
      name: "x",
      kernels: { a: { allocator: "slab", base: "v3.5" } },
      clients: [{ ram: "16 MiB", sysctl, programs: "server", workload: { session: {} } }],
      server: { sysctl },
      applications: { ram: "64 MiB", sysctl }
    })
    const cluster = buildCluster(given, "a", 1)
    const machines = [cluster.clients[0].machine, cluster.applications?.machine]
    for (const machine of machines) expect(machine?.spec.sysctls).toEqual(sysctl)
    if (name.startsWith("vm.")) return
    for (const net of [...machines.map((machine) => machine?.net), cluster.servers[0].machine.net]) {
      expect(net?.sysctls).toMatchObject(sysctl)
    }
  })
})

describe("what is no sysctl of the model", () => {
  it.each([
    ["net.ipv4.tcp_retires2", `unknown key, did you mean "net.ipv4.tcp_retries2"?`],
    ["net.ipv4.tcp_congestion_kontrol", `unknown key, did you mean "net.ipv4.tcp_congestion_control"?`],
    ["vm.swapiness", `unknown key, did you mean "vm.swappiness"?`],
    ["kernel.sysrq", "unknown key, expected one of net.ipv4.tcp_congestion_control,"],
    ["vm.min_free_kbytes", "has a key of its own, expected minFree of the group"],
    ["net.core.rmem_default", "has a key of its own, expected receiveBuffer of the load"]
  ])("%s", (name, words) => expect(mistake(client({ [name]: 1 }))).toContain(`clients[0].sysctl["${name}"]: ${words}`))
})

describe("--set", () => {
  it("takes a name in quotes, as messages write it", () => {
    const path = `clients[0].sysctl["net.ipv4.tcp_retries2"]`
    const loaded = Either.getOrThrow(load(MINIMAL, [`${path}=8`]))
    expect(loaded.scenario.clients[0].sysctl).toEqual({ "net.ipv4.tcp_retries2": 8 })
    expect(mistake(MINIMAL, [`${path}=800`])).toContain(`${path}: got 800, expected a whole number from 1 to 100`)
  })
})

describe("a sysctl without effect is said, with the reason", () => {
  const CUBIC = { "net.ipv4.tcp_congestion_control": "cubic" }
  const IDLE = ", swap: 0 B, zram: { size: 32 MiB }"
  const NODES = ", ram: 64 MiB, cpus: 2, numa: {}"
  const FAR = NODES.replace("{}", "{ distance: 31 }")
  const RECONNECT = ", nbd: { whenLost: reconnect }"

  it.each([
    [client(CUBIC, IDLE), "no connection of these clients carries anything"],
    [client({ "tcp_cubic.hystart": 0 }), "net.ipv4.tcp_congestion_control is not cubic here"],
    [client({ ...CUBIC, "tcp_cubic.hystart": 0, "tcp_cubic.hystart_detect": 1 }), "tcp_cubic.hystart is 0"],
    [client({ ...CUBIC, "tcp_cubic.initial_ssthresh": 9 }), "only with tcp_cubic.hystart: 0"],
    [client({ "net.ipv4.tcp_limit_output_bytes": 9 }), "none of the kernels has the patch small-queues"],
    [server({ "net.ipv4.tcp_limit_output_bytes": 9 }), "the server has no small queues"],
    [client({ "net.ipv4.tcp_syn_retries": 9 }), "these clients connect at boot only"],
    [server({ "net.ipv4.tcp_syn_retries": 9 }), "this machine connects to nobody"],
    [server({ "net.ipv4.tcp_synack_retries": 9 }), "no client connects to it a second time"],
    [client({ "net.ipv4.tcp_synack_retries": 9 }), "nobody connects to this machine"],
    [client({ "net.ipv4.tcp_keepalive_time": 9 }), "no socket of this machine has SO_KEEPALIVE"],
    [client({ "net.ipv4.tcp_ecn": 1 }), "the switch marks nothing"],
    [server({ "vm.swappiness": 9 }), "the memory of an NBD server never lacks"],
    [client({ "vm.zone_reclaim_mode": 1 }), "only kernels with memory nodes have it (numa)"],
    [client({ "vm.min_unmapped_ratio": 2 }), "only kernels with memory nodes have it (numa)"],
    [client({ "vm.min_slab_ratio": 2 }, NODES), "vm.zone_reclaim_mode is 0 here"],
    [client({ "vm.zone_reclaim_mode": 0, "vm.min_slab_ratio": 2 }, FAR), "vm.zone_reclaim_mode is 0 here"]
  ])("%s", (text, reason) => {
    const said = warnings(text)
    expect(said).toHaveLength(1)
    expect(said[0]).toContain(`has no effect: ${reason}`)
  })

  it.each([
    client(CUBIC),
    server(CUBIC),
    server({ "net.ipv4.tcp_keepalive_time": 9 }),
    `${client({ "net.ipv4.tcp_ecn": 1 })}\nlan: { switch: { ecnMark: 20 KiB } }`,
    client({ ...CUBIC, "tcp_cubic.hystart": 0, "tcp_cubic.initial_ssthresh": 9 }),
    client({ "net.ipv4.tcp_limit_output_bytes": 9 }).replace("v3.5", "v3.6"),
    client({ "net.ipv4.tcp_syn_retries": 9 }, RECONNECT),
    `${client({}, RECONNECT)}\nserver: { sysctl: ${yaml({ "net.ipv4.tcp_synack_retries": 9 })} }`,
    client({ "vm.swappiness": 9 }, IDLE),
    client({ "vm.zone_reclaim_mode": 1, "vm.min_slab_ratio": 2 }, NODES),
    client({ "vm.min_unmapped_ratio": 2 }, FAR)
  ])("not here: %s", (text) => expect(warnings(text)).toEqual([]))
})

describe("sysctls of memory", () => {
  const figures = (sysctl: Sysctls) => {
    const workload = { usemem: { processesPerCpu: 1, size: "16 MiB", passes: 2 } }
    const small = { ...SMALL, sysctl, workload }
    const { cluster } = started(scenario([small], { duration: "1 s" }))
    cluster.sim.run(1e9)
    const { pages: { vmstat: { items } }, vmscan } = cluster.clients[0].machine
    return { swappiness: vmscan.pgdat.swappiness, pagesRead: items[PSWPIN], majorFaults: items[PGMAJFAULT] }
  }

  it("reach reclaim and read-ahead", () => {
    const usual = figures({})
    const own = figures({ "vm.swappiness": 10, "vm.page-cluster": 0 })
    expect([usual.swappiness, own.swappiness]).toEqual([60, 10])
    expect(usual.pagesRead).toBeGreaterThan(1.5 * usual.majorFaults)
    expect(own.pagesRead).toBeLessThanOrEqual(own.majorFaults)
  })
})
