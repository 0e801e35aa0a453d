// Names that a scenario may use for kernels.
import { PATCHES, type PatchName } from "@swaplab/kernel"

/** Names of kernels, scenarios and client groups. No dot: a dot separates the steps of a --set path. */
export const KERNEL_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,39}$/

/** Patches that can be switched one by one. */
export const PATCH_NAMES: ReadonlyArray<PatchName> = PATCHES.map((patch) => patch.name)
