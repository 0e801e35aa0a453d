// Kernels that are changed while they run: a sysctl is written, or a patch is exchanged as live patching would. Both are put back
// at the end of the fault; a client that boots meanwhile has what its scenario says.
// Modelled: sysctls that take effect when they are written. Not modelled: those that a machine reads at boot or a socket when it is
// made; `sysctl` of a group of clients sets them.
// source: kernel/sysctl.c, kernel/livepatch (patches: kernel/src/patches/switch-patches.ts)
import { choice, required, whole } from "@swaplab/config"
import {
  MEMORY_SYSCTLS,
  type MemorySysctl,
  PATCHES,
  patchesOf,
  type PatchName,
  SETTLED_AT_BOOT,
  switchPatches
} from "@swaplab/kernel"
import { type ActiveFault, faultKind } from "./fault-kind.ts"

const rowOf = (name: keyof typeof MEMORY_SYSCTLS): MemorySysctl => MEMORY_SYSCTLS[name]

const NAMES = [
  "vm.swappiness",
  "vm.page-cluster",
  "vm.min_free_kbytes",
  "vm.zone_reclaim_mode",
  "vm.min_unmapped_ratio",
  "vm.min_slab_ratio"
] as const satisfies ReadonlyArray<
  keyof typeof MEMORY_SYSCTLS
>

/** Sysctls that can be written while a machine runs, with the largest value of each. */
export const RUNNING_SYSCTLS: ReadonlyArray<{ readonly name: string; readonly most: number }> = NAMES.map((name) => ({
  name,
  most: rowOf(name).most
}))

/** What has been changed, and how it is put back. Nothing is put back that was not changed. */
const changed = (count: 0 | 1, what: string, end: () => void): ActiveFault => ({
  end: () => {
    if (count === 1) end()
  },
  effects: () => [[what, count]]
})

export const sysctl = faultKind({
  on: "client",
  meaning: "somebody writes a sysctl",
  sets: "sysctl",
  parts: ({ name }) => [name],
  cause: "memory",
  hits: "sysctls changed",
  options: {
    ...required(
      "name",
      choice(...NAMES),
      "Its name. Others take effect at boot, or when a socket is made: `sysctl` of the group of clients has these."
    ),
    ...required(
      "value",
      whole(0, 65_536),
      "What is written, in Linux's unit: swappiness from 0 to 100, page-cluster from 0 to 9, min_free_kbytes in kB, "
        + "zone_reclaim_mode from 0 to 7, the ratios in percent."
    )
  },
  swarm: { name: NAMES, value: [0, 1, 4, 100, 1000] },
  rules: [{
    path: ["value"],
    holds: ({ name, value }) => value <= rowOf(name).most,
    words: ({ name }) => `at most ${rowOf(name).most} for ${name}`
  }],
  begin: ({ machine }, { name, value }) => {
    const { read, write } = rowOf(name)
    const before = read(machine)
    write(machine, value)
    if (before === null) return changed(0, "sysctls changed", () => {})
    return changed(before === value ? 0 : 1, "sysctls changed", () => write(machine, before))
  },
  describe: ({ name, value }) => `${name} = ${value}`
})

/** Patches that can be exchanged while a machine runs. */
export const LIVE_PATCHES: ReadonlyArray<PatchName> = PATCHES.map(({ name }) => name).filter((name) =>
  SETTLED_AT_BOOT[name] === undefined
)

export const patch = faultKind({
  on: "client",
  meaning: "a patch of the kernel is put in or taken out while it runs; what state it left stays",
  sets: "kernel",
  parts: ({ patch: name }) => [name],
  cause: "memory",
  hits: "patches exchanged",
  options: {
    ...required(
      "patch",
      choice(...LIVE_PATCHES),
      `Its name, see swaplab patches. Only a boot exchanges ${Object.keys(SETTLED_AT_BOOT).join(" and ")}.`
    ),
    ...required("set", choice("on", "off"), "Whether the kernel has it from then on.")
  },
  swarm: { patch: LIVE_PATCHES, set: ["on", "off"] },
  begin: ({ machine }, { patch: name, set }) => {
    const had = patchesOf(machine.kernel).has(name)
    const wanted = set === "on"
    switchPatches(machine, { [name]: wanted })
    return changed(had === wanted ? 0 : 1, "patches exchanged", () => switchPatches(machine, { [name]: had }))
  },
  describe: ({ patch: name, set }) => `${name} ${set}`
})
