// A kernel: an object allocator, a base, and single patches on top of it.
import { type Base, baseInfo } from "./bases.ts"
import { PATCHES, type PatchName } from "./patches.ts"

/** A kernel: which object allocator it was built with, and what it contains. */
export interface KernelSpec {
  readonly allocator: "slab" | "slub"
  readonly base: Base
  /** Single patches put on top of the base (true), or taken out of it (false). */
  readonly patches?: Readonly<Partial<Record<PatchName, boolean>>>
}

/** The patches that a kernel contains, in the order of `PATCHES`. */
export const patchesOf = (spec: Pick<KernelSpec, "base" | "patches">): ReadonlySet<PatchName> => {
  const inBase = new Set(baseInfo(spec.base).patches)
  return new Set(
    PATCHES.map(({ name }) => name).filter((name) => spec.patches?.[name] ?? inBase.has(name))
  )
}

/** A kernel as it is written in a scenario: `v3.6 - nbd-memalloc + readahead-plug`. */
export const formatKernel = (spec: Pick<KernelSpec, "base" | "patches">): string => {
  const inBase = new Set(baseInfo(spec.base).patches)
  const steps = PATCHES.flatMap(({ name }) => {
    const wanted = spec.patches?.[name]
    return wanted === undefined || wanted === inBase.has(name) ? [] : [`${wanted ? "+" : "-"} ${name}`]
  })
  return [spec.base, ...steps].join(" ")
}
