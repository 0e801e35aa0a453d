// Kernels in a scenario: a base with single patches, as a mapping or as an expression, and what of it has no effect.
import { choice, didYouMean, orList, yesNo } from "@swaplab/config"
import {
  type Base,
  BASE_INFO,
  baseInfo,
  BASES,
  formatKernel,
  type KernelSpec,
  noEffect,
  parseKernel,
  PATCHES,
  patchesOf,
  type PatchName
} from "@swaplab/kernel"
import { ParseResult, Schema } from "effect"
import { type GroupNic, machineFacts } from "./cards.ts"

/** Patches that can be switched one by one. */
export const PATCH_NAMES: ReadonlyArray<PatchName> = PATCHES.map((patch) => patch.name)

/** What should have stood there instead. */
const expectedKernel = (mistake: "base" | "patch" | "twice" | "form", word: string): string => {
  switch (mistake) {
    case "base":
      return `${orList(BASES)}, and patches after it, as in v3.6 - nbd-memalloc${didYouMean(word, BASES)}`
    case "patch":
      return `patches by the names of "swaplab patches"; none is called ${word}${didYouMean(word, PATCH_NAMES)}`
    case "twice":
      return `each patch once; ${word} comes a second time`
    case "form":
      return `a base and then + patch or - patch, with spaces, as in v3.6 - nbd-memalloc + readahead-plug; "${word}" is neither`
  }
}

/** Reads `v3.6 - nbd-memalloc + readahead-plug`; if it cannot be read, what was expected instead. */
export const kernelNamed = (
  text: string
): { readonly kernel: Pick<KernelSpec, "base" | "patches"> } | { readonly expected: string } => {
  const parsed = parseKernel(text)
  return "mistake" in parsed ? { expected: expectedKernel(parsed.mistake, parsed.text) } : { kernel: parsed }
}

const Patches = Schema.Record({ key: choice(...PATCH_NAMES), value: yesNo }).pipe(Schema.partialWith({ exact: true }))

const BaseValue = Schema.Struct({ base: Schema.Literal(...BASES), patches: Patches })
const BaseExpression = Schema.transformOrFail(
  Schema.String.annotations({
    jsonSchema: { anyOf: [{ enum: [...BASES] }, { type: "string", pattern: "^v?[a-zA-Z0-9.-]+( [+-] [a-z0-9-]+)+$" }] }
  }),
  BaseValue,
  {
    strict: true,
    decode: (text, _options, ast) => {
      const named = kernelNamed(text)
      if ("expected" in named) return ParseResult.fail(new ParseResult.Type(ast, text, named.expected))
      return ParseResult.succeed({ base: named.kernel.base, patches: named.kernel.patches ?? {} })
    },
    encode: ({ base }) => ParseResult.succeed(base)
  }
).annotations({ title: "a base, with patches after it" })

const KernelFile = Schema.Struct({
  allocator: choice("slab", "slub").annotations({ description: "The object allocator it was built with." }),
  base: BaseExpression.annotations({
    description: `${BASE_INFO.map(({ meaning, name }) => `${name}: ${meaning}.`).join(" ")} `
      + "Patches may follow: v3.6 - nbd-memalloc + readahead-plug."
  }),
  patches: Schema.optionalWith(Patches, { exact: true, default: () => ({}) }).annotations({
    description: "Single patches switched on (true) or off (false) on top of the base, and before what follows it."
  })
})

const KernelValue = Schema.Struct({
  allocator: Schema.Literal("slab", "slub"),
  base: Schema.Literal(...BASES),
  patches: Patches
})

/** A kernel: a base and an object allocator, with single patches put in or taken out. */
export const KernelConfig = Schema.transform(KernelFile, Schema.typeSchema(KernelValue), {
  strict: true,
  decode: ({ allocator, base, patches }) => ({
    allocator,
    base: base.base,
    patches: { ...base.patches, ...patches }
  }),
  encode: ({ allocator, base, patches }) => ({ allocator, base: { base, patches: {} }, patches })
})
export interface KernelConfig extends Schema.Schema.Type<typeof KernelConfig> {}

/** A patch that a scenario names although it makes no difference there, with the reason. */
export interface IdlePatch {
  readonly patch: PatchName
  readonly wanted: boolean
  readonly reason: string
}

const anyway = (base: Base, patch: PatchName, wanted: boolean): string | null =>
  wanted === baseInfo(base).patches.includes(patch) ? `${base} has it${wanted ? "" : " not"} anyway` : null

type Groups = ReadonlyArray<GroupNic>

/** Why a patch changes nothing on any of these clients, or null. */
const idleOn = (spec: KernelSpec, groups: Groups, patch: PatchName): string | null => {
  const reasons = groups.map((group) => noEffect(spec, machineFacts(group), patch))
  return reasons.length > 0 && reasons.every((reason) => reason !== null) ? reasons[0] : null
}

/** Patches that `kernel` names and that change nothing on any client that runs it. */
export const idlePatches = (
  kernel: KernelConfig,
  groups: Groups
): ReadonlyArray<IdlePatch> =>
  PATCH_NAMES.flatMap((patch) => {
    const wanted = kernel.patches[patch]
    if (wanted === undefined) return []
    const reason = idleOn(kernel, groups, patch) ?? anyway(kernel.base, patch, wanted)
    return reason === null ? [] : [{ patch, wanted, reason }]
  })

/** A kernel of a scenario with what it contains. */
export interface KernelPatches {
  readonly name: string
  readonly allocator: KernelSpec["allocator"]
  /** As it would be written: `v3.6 - nbd-memalloc`. */
  readonly kernel: string
  /** Each patch in it, and why it changes nothing on any client that runs this kernel; null where it may. */
  readonly patches: ReadonlyArray<{ readonly patch: PatchName; readonly noEffect: string | null }>
}

/** What each kernel of a scenario contains, and what of it has no effect there. */
export const kernelPatches = (scenario: {
  readonly kernels: Readonly<Record<string, KernelConfig>>
  readonly clients: ReadonlyArray<GroupNic & { readonly kernel?: string | undefined }>
}): ReadonlyArray<KernelPatches> =>
  Object.entries(scenario.kernels).map(([name, spec]) => {
    const groups = scenario.clients.filter((group) => (group.kernel ?? name) === name)
    return {
      name,
      allocator: spec.allocator,
      kernel: formatKernel(spec),
      patches: [...patchesOf(spec)].map((patch) => ({ patch, noEffect: idleOn(spec, groups, patch) }))
    }
  })
