// Small scenarios by number: cards, cables, switches, losses, faults, kernels and clients drawn by chance, the same for the same
// number.
import type { Scenario, ScenarioEncoded } from "@swaplab/cluster"
import { CARD_NAMES } from "@swaplab/net-skb"
import { Sim } from "@swaplab/sim"
import { KERNELS, scenario } from "./clusters.ts"

type Faults = NonNullable<ScenarioEncoded["faults"]>

/** Faults of cables, of the switch and of power, each with options that leave clients a chance. */
const NETWORK_FAULTS = [
  { what: "down" },
  { what: "flap", out: "10 ms", in: "15 ms" },
  { what: "rate", rate: "10 Mbit" },
  { what: "rate", rate: "333 Mbit" },
  { what: "latency", latency: "3 ms" },
  { what: "latency", latency: "0 ms" },
  { what: "pause-storm", on: "3 ms", period: "5 ms" },
  { what: "switch-buffer", size: "16 KiB" },
  { what: "loss", probability: "5 %" },
  { what: "burst-loss", toBad: "3 %", toGood: "40 %" },
  { what: "reorder", probability: "20 %", delay: "120 us" },
  { what: "duplicate", probability: "20 %" },
  { what: "power-off" },
  { what: "restart" }
] as const

/** Where a fault is, if it is not about the switch. */
const WHERE: Readonly<Record<string, ReadonlyArray<string>>> = {
  "switch-buffer": [],
  "power-off": ["client-1"],
  restart: ["server"]
}

/** Faults of cables that may be out while others of an aggregate are in. */
const AGGREGATE_FAULTS = [{ what: "down" }, { what: "flap", out: "10 ms", in: "15 ms" }, {
  what: "rate",
  rate: "50 Mbit"
}, {
  what: "down",
  direction: "to-switch"
}] as const

/** Two switches with some of the clients behind an uplink, cables that act as one, and a fault of one of those; or nothing of it. */
const topology = (number: number) => {
  const random = new Sim({ seed: number }).stream("topology")
  const one = <T>(of: ReadonlyArray<T>): T => of[Math.floor(random.unit() * of.length)]
  if (random.unit() < 0.6) return { first: {}, last: {}, lan: {}, server: {}, faults: [] }
  const hash = (): "layer2" | "layer3+4" => one(["layer2", "layer3+4"])
  const links = one([1, 2, 3])
  const members = one([1, 2])
  const cables = [
    ...(links === 1 ? ["room.uplink"] : ["room.uplink", "room.uplink.1", "room.uplink.2"]),
    ...(members === 1 ? ["server"] : ["server.1", "server.2"])
  ]
  return {
    first: { switch: one(["core", "room"]) },
    last: { switch: "room" },
    lan: {
      switches: [
        { name: "core" },
        {
          name: "room",
          buffer: one(["32 KiB", "256 KiB"]),
          uplink: { rate: one(["1 Gbit", "100 Mbit"]), latency: one(["0 us", "30 us"]), links, hash: hash() }
        }
      ]
    },
    server: { bond: { links: members, xmitHashPolicy: hash(), switchHash: hash(), miimon: one(["0 s", "20 ms"]) } },
    faults: random.unit() < 0.5 ? [] : [{ ...one(AGGREGATE_FAULTS), where: one(cables), at: "60 ms", for: "50 ms" }]
  }
}

/** A scenario, the kernel of its cell, and a seed. */
export interface Varied {
  readonly of: Scenario
  readonly kernel: string
  readonly seed: number
}

/** The scenario of that number. */
export const variedScenario = (number: number): Varied => {
  const random = new Sim({ seed: number }).stream("varied scenario")
  const one = <T>(of: ReadonlyArray<T>): T => of[Math.floor(random.unit() * of.length)]
  const chance = (share: number): boolean => random.unit() < share
  const ms = (most: number): string => `${1 + Math.floor(random.unit() * most)} ms`
  const group = (name: string, count: number): ScenarioEncoded["clients"][number] => ({
    name,
    count,
    ram: "16 MiB",
    swap: "64 MiB",
    cpus: one([1, 2, 4]),
    nic: {
      driver: one(CARD_NAMES),
      rxRing: one([32, 64, 256]),
      txRing: one([32, 256]),
      interruptModeration: one(["0 us", "20 us", "50 us", "125 us"])
    },
    link: {
      rate: one(["1 Gbit", "1 Gbit", "100 Mbit", "333 Mbit"]),
      latency: one(["0 us", "1 us", "20 us", "300 us"])
    },
    nbd: { whenLost: "persist" },
    workload: { usemem: { processesPerCpu: one([1, 2]), size: "20 MiB", passes: 2, mode: one(["read", "write"]) } },
    start: one(["0 s", "uniform(0 s, 50 ms)"]),
    ...(chance(0.3) && { background: { packetsPerSecond: one([200, 4000]) } })
  })
  const clients = one([1, 1, 2, 3, 5, 8])
  const faults = Array.from({ length: one([0, 0, 1, 2]) }, () => one(NETWORK_FAULTS))
    .filter(({ what }, i, all) => all.findIndex((other) => other.what === what) === i)
    .map((fault) => {
      const where = WHERE[fault.what] ?? ["client-1", "server"]
      return {
        ...fault,
        ...(where.length > 0 && { where: one(where) }),
        at: ms(200),
        ...(fault.what !== "restart" && { for: ms(100) })
      }
    })
  const { first, last, ...more } = topology(number)
  return {
    of: scenario(
      clients > 2 && chance(0.5)
        ? [{ ...group("client", clients - 1), ...first }, { ...group("other", 1), ...last }]
        : [{ ...group("client", clients), ...last }],
      {
        lan: {
          switch: {
            latency: one(["0 us", "4 us"]),
            buffer: one(["32 KiB", "128 KiB", "512 KiB", "2 MiB"]),
            ...(chance(0.2) && { portLimit: "24 KiB" })
          },
          loss: one(["0 %", "0 %", "0.5 %"]),
          flowControl: chance(0.3),
          ...more.lan
        },
        server: {
          link: { rate: one(["1 Gbit", "10 Gbit", "100 Mbit"]), latency: one(["20 us", "0 us"]) },
          ...more.server
        },
        duration: ms(500),
        series: { interval: "50 ms" },
        faults: [
          // one where the other topology has none of its own at the same place and time
          ...(more.faults.length === 0
            ? faults
            : faults.filter(({ what }) => what === "power-off" || what === "restart")),
          ...more.faults
        ] as unknown as Faults
      }
    ),
    kernel: one(Object.keys(KERNELS)),
    seed: 1 + number % 7
  }
}
