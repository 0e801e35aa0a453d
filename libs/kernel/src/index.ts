/**
 * {@include ../README.md}
 *
 * @module @swaplab/kernel
 */
export { MAX_SLOTS } from "@swaplab/swap"
export type { Corruption, LostSwap } from "./content-errors.ts"
export { type Costs, DEFAULT_COSTS } from "./costs.ts"
export { Cpus, type ScheduleHooks } from "./cpus.ts"
export { Dcache } from "./files/dcache.ts"
export { type LocalDiskOptions } from "./files/local-disk.ts"
export { type RootConnection } from "./files/root-attach.ts"
export { type RootFiles } from "./files/root-files.ts"
export { RootImage } from "./files/root-image.ts"
export { rootDevicePages, type RootFormat, type RootSpec } from "./files/root-spec.ts"
export { Softirqs } from "./ksoftirqd.ts"
export type { MachinePlugs, MachineSpec } from "./machine-spec.ts"
export { Machine } from "./machine.ts"
export { FAULT_DONE, FAULT_SIGBUS } from "./mm/mm.ts"
export { type LogLine } from "./mm/oom.ts"
export { PTE_ACCESSED, PTE_DIRTY, PTE_PRESENT, PTE_WRITE, pteValue, STRETCH_SHIFT } from "./mm/page-table.ts"
export { type NbdAttachment } from "./nbd-attach.ts"
export { type NbdClientOptions, type NbdLink, WHEN_LOST, type WhenLost } from "./nbd-client.ts"
export { nodeFilesOf } from "./node-files.ts"
export { type Base, BASE_INFO, type BaseInfo, baseInfo, BASES } from "./patches/bases.ts"
export { type MachineFacts, noEffect } from "./patches/effect.ts"
export { parseKernel } from "./patches/kernel-expression.ts"
export { formatKernel, type KernelSpec, patchesOf } from "./patches/kernel-spec.ts"
export { type Patch, PATCHES, type PatchKind, type PatchName, patchNumber } from "./patches/patches.ts"
export { SETTLED_AT_BOOT, switchPatches } from "./patches/switch-patches.ts"
export { nbdSwitches, pageAllocSwitches } from "./patches/switches.ts"
export { procTree } from "./proc-tree.ts"
export { type Proc, procOf } from "./proc.ts"
export { openRawDevice, RawBuffer, RawDevice } from "./raw-device.ts"
export {
  type CompressionSpec,
  type SwapExtras,
  type SwapSetup,
  swapSetupPages,
  type SwapSizes,
  swapSlotNumbers,
  type ZramSpec,
  type ZswapSpec
} from "./swap-setup.ts"
export { MEMORY_SYSCTLS, type MemorySysctl, switchSysctls, SYSCTLS_OF_BOOT } from "./switch-sysctls.ts"
export { type SysctlName, SYSCTLS, type Sysctls } from "./sysctls.ts"
export { commOf, tasksOf } from "./task-files.ts"
export { KernelTask } from "./task.ts"
