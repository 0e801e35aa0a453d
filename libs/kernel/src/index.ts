// Contents page of @swaplab/kernel, in reading order.
export { type Base, BASE_INFO, type BaseInfo, baseInfo, BASES } from "./bases.ts"
export { type Costs, DEFAULT_COSTS } from "./costs.ts"
export { Cpus, type ScheduleHooks } from "./cpus.ts"
export { Dcache } from "./dcache.ts"
export { type MachineFacts, noEffect } from "./effect.ts"
export { FileCache, REQUEST_PAGES } from "./file-cache.ts"
export { parseKernel } from "./kernel-expression.ts"
export { formatKernel, type KernelSpec, patchesOf } from "./kernel-spec.ts"
export { Softirqs } from "./ksoftirqd.ts"
export { LocalDisk, type LocalDiskOptions } from "./local-disk.ts"
export { type Corruption, Machine, type MachinePlugs, type MachineSpec, type NicDriver } from "./machine.ts"
export { FAULT_DONE, FAULT_OOM, FAULT_SIGBUS, Mm, type MmParts } from "./mm.ts"
export { type LogLine } from "./oom.ts"
export { PageCache } from "./page-cache.ts"
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
} from "./page-table.ts"
export { type Patch, PATCHES, type PatchKind, type PatchName, patchNamed, patchNumber } from "./patches.ts"
export { type Proc, procOf } from "./proc.ts"
export { type ProcessMemory, ProcessTable } from "./process-memory.ts"
export { SETTLED_AT_BOOT, switchPatches } from "./switch-patches.ts"
export {
  nbdSwitches,
  netSwitches,
  pageAllocSwitches,
  readaheadPlug,
  reserveSwitches,
  slubRelease,
  vmscanSwitches
} from "./switches.ts"
export { BURST_NS, KernelTask } from "./task.ts"
export { Writeback } from "./writeback.ts"
