// What the clients of a load are: the shipped profiles without their root images, so that all that travels is swap.
import { decodeScenario, type LoadedScenario } from "@swaplab/cluster"
import type { ConfigError, Mapping } from "@swaplab/config"
import type { Either } from "effect"

const fat = (era: string, ram: string, swap: string, cpus: number): Mapping => ({
  ram,
  swap,
  cpus,
  pageCache: "0 %",
  nic: { driver: "r8169", interruptModeration: "50 us" },
  link: { rate: "1 Gbit", latency: "20 us" },
  start: "uniform(0 s, 5 s)",
  workload: { session: { era, programme: "lesson" } }
})

/** By name. RAM is a quarter of what the profile of scenarios/profiles has: people come to the end of it within a minute. */
const PROFILES = {
  "fat-2020": fat("2020", "512 MiB", "2 GiB", 2),
  "fat-2025": fat("2025", "1 GiB", "2 GiB", 4),
  // not people, but programs that go through twice their memory: as much as a client can ask for
  stream: {
    ram: "64 MiB",
    swap: "256 MiB",
    workload: { usemem: { processesPerCpu: 1, size: "128 MiB", passes: 1000 } }
  }
} as const satisfies Record<string, Mapping>

type ProfileName = keyof typeof PROFILES

/** What a load consists of. */
export interface LoadOptions {
  readonly profile: ProfileName
  readonly clients: number
  readonly forText: string
  readonly seed: number
  readonly ram: string | undefined
}

/** The scenario of a load. */
export const scenarioOf = (
  { clients, forText, profile, ram, seed }: LoadOptions
): Either.Either<LoadedScenario, ConfigError> =>
  decodeScenario("load", {
    name: `load-${profile}`,
    seeds: [seed],
    duration: forText,
    kernels: { "slub-series": { allocator: "slub", base: "v3.6" } },
    clients: [{ name: "client", count: clients, ...PROFILES[profile], ...(ram !== undefined && { ram }) }],
    lan: { switch: { latency: "4 us", buffer: "512 KiB" }, flowControl: false },
    server: { link: { rate: "1 Gbit", latency: "20 us" }, cpus: 4, threads: 4, pageCache: "16 GiB" }
  })
