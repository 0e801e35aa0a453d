// usemem as a workload of a scenario: so many processes a CPU walk their shares of a mapping.
import { choice, field, formatQuantity, mismatch, SIZE, whole } from "@swaplab/config"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import { bytesOf, formatMemorySize, MemorySize } from "./memory-size.ts"
import type { ClientFacts } from "./plug-in/plan.ts"
import { counts } from "./plug-in/shrink.ts"
import { workload } from "./plug-in/workload.ts"
import { usemem } from "./usemem.ts"

const options = {
  processesPerCpu: field(whole(1, 1024), 8, "Processes per CPU. 8 in the published runs."),
  size: field(
    MemorySize,
    { timesRam: 4 },
    "All mappings together. 4 times RAM in the published runs; MMTests needs it to be at most 70 % of RAM and swap."
  ),
  passes: field(
    whole(1, 1000),
    5,
    "Walks over the mapping. 5 is MMTests' default of 2012 and fits the published times."
  ),
  mode: field(choice("write", "read"), "write", "write: later passes verify, then write. read: a page is written once.")
}

/** Below this share of RAM, page cache included, a client hardly swaps. */
const FITS = 0.8

const size = (bytes: number): string => formatQuantity(SIZE, bytes)

const processCount = ({ processesPerCpu }: { readonly processesPerCpu: number }, { cpus }: ClientFacts): number =>
  processesPerCpu * cpus

export const usememWorkload = workload({
  slot: "workload",
  description: "MMTests' vmscan-anon-mmap.",
  options,
  swarm: {
    // processes that end within their first turn on a CPU follow one another and leave the memory of a small client free: few of
    // them, and some that make many passes
    processesPerCpu: [1, 1, 2, 4],
    size: ["1x RAM", "1.2x RAM", "1.2x RAM", "1.5x RAM", "2x RAM"],
    passes: [1, 2, 2, 10],
    mode: ["write", "write", "read"]
  },
  processes: (given, client) => {
    const bytes = bytesOf(given.size, client.ramBytes)
    const count = processCount(given, client)
    return {
      processes: Array.from({ length: count }, () => Math.floor(bytes / PAGE_SIZE / count)),
      anonymousBytes: bytes,
      filePages: 0
    }
  },
  touches: (given, client) => {
    const count = processCount(given, client)
    return given.passes * count * Math.floor(bytesOf(given.size, client.ramBytes) / PAGE_SIZE / count)
  },
  start: (host, { mode, passes, processesPerCpu }) => {
    const { client } = host
    const count = processesPerCpu * client.cpus.count
    let running = count
    for (let process = 0; process < count; process++) {
      host.fork(process, `usemem-${process + 1}`, function*(task) {
        const exit = yield* usemem(client, task, { mode, passes })
        if (--running === 0) host.done()
        return exit
      })
    }
  },
  operations: null,
  metrics: {},
  rules: [{
    name: "usemem has a page for each process",
    path: ["size"],
    holds: (given, client) => bytesOf(given.size, client.ramBytes) >= processCount(given, client) * PAGE_SIZE,
    words: (given, client) => {
      const count = processCount(given, client)
      return mismatch(
        size(bytesOf(given.size, client.ramBytes)),
        `at least a page for each of its ${count} processes: ${size(count * PAGE_SIZE)}`
      )
    }
  }],
  advice: [{
    name: "a load that fits into RAM",
    path: ["size"],
    of: (given, { pageCacheBytes, ramBytes }) => {
      const bytes = bytesOf(given.size, ramBytes)
      return bytes + pageCacheBytes < ramBytes * FITS
        ? `${size(bytes)} fits into RAM, so the clients will hardly swap`
        : null
    }
  }],
  idle: [{
    path: ["mode"],
    idle: ({ mode, passes }) => passes === 1 && mode === "read",
    reason: "the only pass writes"
  }],
  // source: MMTests, shellpack-bench-micro
  limit: { share: 0.7, words: "MMTests keeps that to 70 % of RAM and swap" },
  shrink: [
    counts("passes"),
    counts("processesPerCpu"),
    {
      path: ["size"],
      smaller: (value) => {
        const times = /^([\d.]+)x RAM$/.exec(String(value))
        return times === null ? [] : [1, 1.5, 2, 3].filter((n) => n < Number(times[1])).map((n) => `${n}x RAM`)
      }
    }
  ],
  describe: ({ passes, processesPerCpu, size: mapped }) => [
    `${processesPerCpu} processes per CPU`,
    `${formatMemorySize(mapped)} mapped`,
    passes === 1 ? "1 pass" : `${passes} passes`
  ]
})
