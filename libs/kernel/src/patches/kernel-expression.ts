// Kernels as people write them: a base, then patches taken out or put on top. "v3.6 - nbd-memalloc + readahead-plug"
import { type Base, BASES } from "./bases.ts"
import type { KernelSpec } from "./kernel-spec.ts"
import { PATCHES, type PatchName } from "./patches.ts"

/** What is wrong with an expression: the piece of it, and whether a base or a patch was expected there. */
export interface KernelMistake {
  readonly mistake: "base" | "patch" | "twice" | "form"
  readonly text: string
}

type Parsed = Pick<KernelSpec, "base"> & { readonly patches: NonNullable<KernelSpec["patches"]> }

/** A step: the sign stands alone, so that the minus of a name is none. */
const STEP = /^\s+([+-])\s+(\S+)/

const patchOf = (word: string): PatchName | null =>
  PATCHES.find(({ name, number }) => name === word || (number > 0 && String(number) === word))?.name ?? null

/**
 * Reads an expression such as `v3.6 - nbd-memalloc + readahead-plug`. A patch of the merged series may be written by its
 * number: `v3.5 + 14`. Which mistake it is, and in which word, if it cannot be read.
 */
export const parseKernel = (text: string): Parsed | KernelMistake => {
  const first = /^\S*/.exec(text.trim())?.[0] ?? ""
  if (!(BASES as ReadonlyArray<string>).includes(first)) return { mistake: "base", text: first }
  const patches: Partial<Record<PatchName, boolean>> = {}
  let rest = text.trim().slice(first.length)
  while (rest.trim() !== "") {
    const step = STEP.exec(rest)
    if (step === null) return { mistake: "form", text: rest.trim() }
    const name = patchOf(step[2])
    if (name === null) return { mistake: "patch", text: step[2] }
    if (name in patches) return { mistake: "twice", text: step[2] }
    patches[name] = step[1] === "+"
    rest = rest.slice(step[0].length)
  }
  return { base: first as Base, patches }
}
