// A client of 8 MiB that swaps for a moment: some 20,000 events.
export const small = `
name: small
seeds: 1
duration: 300 s
kernels:
  patched: { allocator: slab, base: v3.6 }
  other: { allocator: slub, base: v3.6 }
clients:
  - name: client
    ram: 8 MiB
    cpus: 1
    swap: 64 MiB
    workload: { usemem: { processesPerCpu: 2, size: 1x RAM, passes: 2 } }
`
