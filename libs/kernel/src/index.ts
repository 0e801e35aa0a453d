// Contents page of @swaplab/kernel, in reading order.
export { type Costs, DEFAULT_COSTS } from "./costs.ts"
export { Cpus, type ScheduleHooks } from "./cpus.ts"
export { Dcache } from "./files/dcache.ts"
export { FileCache, REQUEST_PAGES } from "./files/file-cache.ts"
export { LocalDisk, type LocalDiskOptions } from "./files/local-disk.ts"
export { PageCache } from "./files/page-cache.ts"
export { Writeback } from "./files/writeback.ts"
export { Softirqs } from "./ksoftirqd.ts"
export type { MachinePlugs, MachineSpec } from "./machine-spec.ts"
export { type Corruption, Machine } from "./machine.ts"
export { FAULT_DONE, FAULT_OOM, FAULT_SIGBUS, Mm, type MmParts } from "./mm/mm.ts"
export { type LogLine } from "./mm/oom.ts"
export {
  PageTables,
  PTE_ACCESSED,
  PTE_DIRTY,
  PTE_PRESENT,
  PTE_SWAP,
  PTE_WRITE,
  ptePage,
  pteSwap,
  pteValue,
  PTRS_PER_PTE
} from "./mm/page-table.ts"
export { type ProcessMemory, ProcessTable } from "./mm/process-memory.ts"
export { type Base, BASE_INFO, type BaseInfo, baseInfo, BASES } from "./patches/bases.ts"
export { type MachineFacts, noEffect } from "./patches/effect.ts"
export { parseKernel } from "./patches/kernel-expression.ts"
export { formatKernel, type KernelSpec, patchesOf } from "./patches/kernel-spec.ts"
export { type Patch, PATCHES, type PatchKind, type PatchName, patchNamed, patchNumber } from "./patches/patches.ts"
export { SETTLED_AT_BOOT, switchPatches } from "./patches/switch-patches.ts"
export {
  nbdSwitches,
  netSwitches,
  pageAllocSwitches,
  readaheadPlug,
  reserveSwitches,
  slubRelease,
  vmscanSwitches
} from "./patches/switches.ts"
export { type Proc, procOf } from "./proc.ts"
export { KernelTask } from "./task.ts"
