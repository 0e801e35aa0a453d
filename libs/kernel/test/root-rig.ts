// A small machine with a root image on a disk of its own, or behind an NBD device.
import type { KernelTask, Machine, MachineSpec, RootConnection, RootImage, RootSpec } from "@swaplab/kernel"
import { NbdDevice } from "@swaplab/nbd-driver"
import type { Sleeps } from "@swaplab/sim"
import { boot } from "./rig.ts"

/** 24,414 pages a second, and 0.1 ms a request. */
export const DISK: RootConnection = { kind: "disk", disk: { bytesPerSecond: 100e6, latencyNs: 100_000 } }

/** 32 MiB of files, twice the memory of the machine. */
export const EXT4: RootSpec = { pages: 8192, tokenWriter: 0xbeef, readaheadPages: 32, format: { kind: "ext4" } }

/** The same; a block of 32 pages is stored in 12.8 pages. */
export const SQUASHFS: RootSpec = {
  ...EXT4,
  format: { kind: "squashfs", blockPages: 32, ratio: 0.4, cpuPerBlockNs: 1_500_000 }
}

/** An NBD device without a server: every request fails. */
const deadNbd = (machine: () => Machine): RootConnection => ({
  kind: "nbd",
  connect: (queue) =>
    new NbdDevice(machine().sim, queue, machine().pages.frames, {
      name: queue.name,
      memallocXmit: false,
      appendSent: false
    })
})

export type Program = (task: KernelTask, root: RootImage, machine: Machine) => Sleeps<void>

/** Runs programs on a machine of 16 MiB with an image; they start together. */
export const withRoot = (
  spec: RootSpec,
  programs: Program | ReadonlyArray<Program>,
  options: { readonly machine?: Partial<MachineSpec>; readonly seconds?: number; readonly dead?: boolean } = {}
) => {
  const bodies = typeof programs === "function" ? [programs] : programs
  const rig = boot({ pageCachePages: 0, processes: bodies.length, ...options.machine })
  const { machine } = rig
  const root = machine.attachRoot(spec, options.dead === true ? deadNbd(() => machine) : DISK)
  let ended = 0
  const tasks = bodies.map((body, process) =>
    rig.start(process, function*(task) {
      yield* body(task, root, machine)
      ended++
    })
  )
  rig.sim.run((options.seconds ?? 600) * 1e9)
  machine.checkInvariants()
  const { items } = machine.pages.vmstat
  return { sim: rig.sim, machine, root, tasks, allEnded: ended === bodies.length, items }
}

/** Pages of the image that are in memory, as ranges. */
export const cachedRanges = (root: RootImage): ReadonlyArray<readonly [from: number, to: number]> => {
  const ranges: Array<[number, number]> = []
  for (let page = 0; page < root.pages; page++) {
    if (root.files.find(page) < 0) continue
    const last = ranges.at(-1)
    if (last !== undefined && last[1] === page) last[1] = page + 1
    else ranges.push([page, page + 1])
  }
  return ranges
}
