// /sys/devices/system/node: the shapes of v3.6, and sums over the nodes that are the machine's.
import { nodeFilesOf, ranges } from "#src/node-files.ts"
import { statusText } from "#src/task-files.ts"
import { procOf } from "@swaplab/kernel"
import { PF_MEMALLOC } from "@swaplab/page-alloc"
import { expect, it } from "vitest"
import { boot } from "./rig.ts"

const MIB = 2 ** 20

const twoNodes = () =>
  boot({
    ramBytes: 64 * MIB,
    cpus: 4,
    numa: { nodeBytes: [40 * MIB, 24 * MIB], policy: null, memsAllowed: 0b10, cardNode: 0 }
  }).machine

const numbersOf = (text: string): Readonly<Record<string, number>> =>
  Object.fromEntries(
    text.trim().split("\n").map((row) => {
      const [, name = row, value = ""] = /^(?:Node \d+ )?([\w()]+):? +(\d+)(?: kB)?$/.exec(row) ?? []
      return [name, Number(value)]
    })
  )

it("has the lines of node0/meminfo in their columns", () => {
  const text = nodeFilesOf(twoNodes())["node1/meminfo"]()
  expect(text.split("\n")[0]).toMatch(/^Node 1 MemTotal: {7} {3}\d{5} kB$/)
  expect(text).toMatch(/\nNode 1 Inactive\(anon\): {8}0 kB\n/)
  expect(text).toMatch(
    /\nNode 1 NFS_Unstable: {10}0 kB\n[\s\S]*\nNode 1 HugePages_Total: {5}0\nNode 1 HugePages_Free: {6}0\n/
  )
  expect(text.split("\n").map((row) => row.split(/[: ]+/)[2])).toEqual(
    ("MemTotal MemFree MemUsed Active Inactive Active(anon) Inactive(anon) Active(file) Inactive(file) Unevictable Mlocked "
      + "Dirty Writeback FilePages Mapped AnonPages Shmem KernelStack PageTables NFS_Unstable Bounce WritebackTmp Slab "
      + "SReclaimable SUnreclaim HugePages_Total HugePages_Free HugePages_Surp").split(" ").concat([undefined as never])
  )
})

it("adds up to /proc/meminfo and /proc/vmstat", () => {
  const machine = twoNodes()
  const files = nodeFilesOf(machine)
  const [first, second] = [0, 1].map((node) => numbersOf(files[`node${node}/meminfo`]()))
  const whole = numbersOf(procOf(machine).meminfo())
  for (const name of ["MemTotal", "MemFree", "Inactive(file)", "Slab", "SUnreclaim", "PageTables"]) {
    expect([name, first[name] + second[name]]).toEqual([name, whole[name]])
  }
  expect(first["MemUsed"]).toBe(first["MemTotal"] - first["MemFree"])
  const vmstat = numbersOf(procOf(machine).vmstat())
  const [a, b] = [0, 1].map((node) => numbersOf(files[`node${node}/vmstat`]()))
  for (const name of Object.keys(a)) if (name in vmstat) expect([name, a[name] + b[name]]).toEqual([name, vmstat[name]])
})

it("counts hits where the page was found, and misses on the node that was not meant", () => {
  const { pages } = twoNodes()
  const machine = twoNodes()
  const files = nodeFilesOf(machine)
  const before = [0, 1].map((node) => numbersOf(files[`node${node}/numastat`]()))
  const ctx = { flags: PF_MEMALLOC, memdie: false, inInterrupt: false, servingSoftirq: false, cpu: 0, ns: 0 }
  expect(pages.zoneOf(machine.pages.tryAlloc(ctx, 0x20, 0, 1)).node).toBe(1)
  const after = [0, 1].map((node) => numbersOf(files[`node${node}/numastat`]()))
  expect(Object.keys(after[0])).toEqual([
    "numa_hit",
    "numa_miss",
    "numa_foreign",
    "interleave_hit",
    "local_node",
    "other_node"
  ])
  const grown = after.map((stat, node) => Object.keys(stat).filter((name) => stat[name] === before[node][name] + 1))
  expect(grown).toEqual([[], ["numa_hit", "other_node"]])
})

it("says which CPUs a node has, and how far the others are", () => {
  const files = nodeFilesOf(twoNodes())
  expect(["node0/cpulist", "node1/cpulist", "node0/distance", "node1/distance"].map((name) => files[name]())).toEqual([
    "0-1\n",
    "2-3\n",
    "10 20\n",
    "20 10\n"
  ])
  expect([ranges([0, 1, 2, 4, 6, 7]), ranges([])]).toEqual(["0-2,4,6-7", ""])
})

it("is empty without CONFIG_NUMA, where status has no Mems_allowed either", () => {
  const { machine } = boot()
  expect(nodeFilesOf(machine)).toEqual({})
  expect(statusText(machine, 1, machine.kswapd)).not.toContain("Mems_allowed")
})

it("/proc/PID/status has the nodes of the cpuset; kernel threads have all", () => {
  const machine = twoNodes()
  const task = machine.startProcess(0, "one", function*() {})
  expect(statusText(machine, 1, task)).toContain("\nMems_allowed:\t00000000,00000002\nMems_allowed_list:\t1\n")
  expect(statusText(machine, 1, machine.kswapd)).toContain(
    "\nMems_allowed:\t00000000,00000003\nMems_allowed_list:\t0-1\n"
  )
})

it("the report of an allocation failure names the node of each zone", () => {
  const report = procOf(twoNodes())["Mem-Info"]()
  for (const words of ["Node 1 DMA32 per-cpu:", "Node 1 DMA32 free:", "Node 1 DMA32: ", "Node 0 DMA32 free:"]) {
    expect(report).toContain(`\n${words}`)
  }
})
