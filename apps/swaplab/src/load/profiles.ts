// What the clients of a load are: the shipped profiles without their root images, so that all that travels is swap.
import { decodeScenario, type LoadedScenario } from "@swaplab/cluster"
import type { ConfigError, Mapping } from "@swaplab/config"
import type { Either } from "effect"

const GIGABIT = { rate: "1 Gbit", latency: "20 us" }
const FAST = { rate: "100 Mbit", latency: "100 us" }

const seat = (era: string, ram: string, swap: string, cpus: number, link: Mapping = GIGABIT): Mapping => ({
  ram,
  swap,
  cpus,
  pageCache: "0 %",
  nic: { driver: "r8169", interruptModeration: "50 us" },
  link,
  start: "uniform(0 s, 5 s)",
  workload: { session: { era, programme: "lesson" } }
})

/** By name. RAM is a quarter of what the profile of scenarios/profiles has: people come to the end of it within a minute. */
const PROFILES = {
  "fat-2020": seat("2020", "512 MiB", "2 GiB", 2),
  "fat-2025": seat("2025", "1 GiB", "2 GiB", 4),
  "ltsp5-fat-2012": seat("2012", "256 MiB", "512 MiB", 2, FAST),
  "ltsp5-thin-2012": { ...seat("2012", "64 MiB", "512 MiB", 1, FAST), programs: "server" },
  "blade-sparse": {
    ram: "512 MiB",
    swap: "512 MiB",
    cpus: 8,
    pageCache: "5 %",
    nic: { driver: "igb", interruptModeration: "50 us" },
    link: GIGABIT,
    workload: { usemem: { processesPerCpu: 1, size: "1.1x RAM", passes: 2 } }
  },
  // not people, but programs that go through twice their memory: as much as a client can ask for
  stream: {
    ram: "64 MiB",
    swap: "256 MiB",
    workload: { usemem: { processesPerCpu: 1, size: "128 MiB", passes: 1000 } }
  }
} as const satisfies Record<string, Mapping>

type ProfileName = keyof typeof PROFILES

/** Names of all profiles. */
export const PROFILE_NAMES = Object.keys(PROFILES) as ReadonlyArray<ProfileName>

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
    // only thin clients use it
    ...(profile === "ltsp5-thin-2012" && {
      applications: { ram: "4 GiB", cpus: 4, swap: "4 GiB", disk: "hdd" }
    }),
    lan: { switch: { latency: "4 us", buffer: "512 KiB" }, flowControl: false },
    server: { link: { rate: "1 Gbit", latency: "20 us" }, cpus: 4, threads: 4, pageCache: "16 GiB" }
  })
