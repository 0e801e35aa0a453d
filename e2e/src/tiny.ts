// A scenario of which a run takes some hundredths of a second: a client that swaps a little.
import { fileWith } from "./command.ts"

const TINY = `name: tiny
seeds: 1
duration: 20 s
kernels:
  series: { allocator: slub, base: v3.6 }
clients:
  - name: client
    ram: 8 MiB
    swap: 40 MiB
    workload:
      usemem: { processesPerCpu: 1, size: 12 MiB, passes: 1 }
slo:
  - client.faultLatency.p99 < 500 ms
`

/** The file. */
export const tiny = (): string => fileWith(TINY, "tiny.yaml")
