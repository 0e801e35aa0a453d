// Small scenarios of the tests: some 20,000 events each, which take less time than the start of the command.

/** One client of 8 MiB whose two processes walk twice over twice its memory. */
export const small = (extra = ""): string => `
name: small
seeds: [1]
duration: 300 s
kernels:
  patched: { allocator: slab, base: v3.6 }
clients:
  - name: client
    ram: 8 MiB
    cpus: 1
    swap: 64 MiB
    workload: { usemem: { processesPerCpu: 2, size: 1x RAM, passes: 2 } }
    background: { packetsPerSecond: 200 }
expect: { default: any }
${extra}`

/** The scenario above with another group of clients in front, whose workload starts when the first is long done. */
export const withLateClient = (): string =>
  small().replace(
    "clients:\n",
    `clients:
  - name: added
    ram: 8 MiB
    cpus: 1
    swap: 64 MiB
    workload: { usemem: { processesPerCpu: 1, size: 1x RAM, passes: 1 } }
    start: 2 s
`
  )
