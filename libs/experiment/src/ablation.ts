// Kernels by patch: a base with all patches, the base without each one, vanilla, and vanilla with each one. What a
// scenario says about its own kernels gives the allocators only; its machines and its load stay as they are.
import { decodeScenario, kernelOf, type LoadedScenario } from "@swaplab/cluster"
import { type ConfigError, type Mapping, mistake, mistakeAt } from "@swaplab/config"
import { type Base, BASES, type KernelSpec, PATCHES, patchesOf, type PatchName } from "@swaplab/kernel"
import { Either } from "effect"
import type { Job } from "./plan.ts"

/** An object allocator of Linux. */
export type Allocator = KernelSpec["allocator"]

/** How a kernel of an ablation differs from its base, or from vanilla. */
export type Change = "all" | "without" | "vanilla" | "with"

/** One kernel of an ablation. */
export interface Variant {
  /** Its name in the scenario that is run: slub-without-throttle. */
  readonly kernel: string
  readonly allocator: Allocator
  readonly change: Change
  /** The patch taken out or put in; null for the base and for vanilla. */
  readonly patch: PatchName | null
  /** Number of the patch in the series; 0 for one that is not of it, and for no patch. */
  readonly number: number
  readonly spec: KernelSpec
}

/** What a user wants to see, as typed. */
export interface AblationOptions {
  /** Those of the scenario's kernels where it is empty. */
  readonly allocators: ReadonlyArray<string>
  /** The sixteen of the series where it is empty. */
  readonly patches: ReadonlyArray<string>
  /** What patches are taken out of, and what they are put on. */
  readonly base: string
  readonly vanilla: string
  /** Also vanilla with each patch alone. */
  readonly plus: boolean
}

/** The kernels and runs of an ablation. */
export interface AblationPlan {
  /** The scenario with the kernels of the ablation. */
  readonly loaded: LoadedScenario
  readonly base: Base
  readonly vanilla: Base
  readonly allocators: ReadonlyArray<Allocator>
  readonly patches: ReadonlyArray<PatchName>
  /** By allocator; in it the base, without each, vanilla, with each. */
  readonly variants: ReadonlyArray<Variant>
  readonly seeds: ReadonlyArray<number>
  readonly jobs: ReadonlyArray<Job>
}

const NAMES: ReadonlyArray<PatchName> = PATCHES.map(({ name }) => name)
const numberOf = (name: PatchName): number => PATCHES.find((patch) => patch.name === name)?.number ?? 0

/** The sixteen patches of the series, in their order. */
export const SERIES: ReadonlyArray<PatchName> = PATCHES.filter(({ kind }) => kind === "series")
  .map(({ name }) => name)

/** A word of the command line that must be one of `known`. */
const oneOf = <A extends string>(
  flag: string,
  known: ReadonlyArray<A>,
  word: string
): Either.Either<A, ConfigError> => {
  const found = known.find((name) => name === word)
  return found === undefined
    ? Either.left(mistake(`--${flag} ${word}`, `expected one of ${known.join(", ")}`))
    : Either.right(found)
}

const variantsOf = (
  allocator: Allocator,
  patches: ReadonlyArray<PatchName>,
  base: Base,
  vanilla: Base,
  plus: boolean
): ReadonlyArray<Variant> => {
  const variant = (change: Change, patch: PatchName | null): Variant => {
    const from = change === "all" || change === "without" ? base : vanilla
    return {
      kernel: `${allocator}-${change}${patch === null ? "" : `-${patch}`}`,
      allocator,
      change,
      patch,
      number: patch === null ? 0 : numberOf(patch),
      spec: { allocator, base: from, ...(patch === null ? {} : { patches: { [patch]: change === "with" } }) }
    }
  }
  const inBase = patchesOf({ base })
  const inVanilla = patchesOf({ base: vanilla })
  return [
    variant("all", null),
    ...patches.filter((patch) => inBase.has(patch)).map((patch) => variant("without", patch)),
    variant("vanilla", null),
    ...(plus ? patches.filter((patch) => !inVanilla.has(patch)).map((patch) => variant("with", patch)) : [])
  ]
}

/** A patch that no kernel of the ablation differs in. */
const unused = (patch: PatchName, base: Base, vanilla: Base): Either.Either<never, ConfigError> =>
  Either.left(
    mistake(
      `--patch ${patch}`,
      patchesOf({ base: vanilla }).has(patch)
        ? `is not in ${base}, and ${vanilla} has it already`
        : `is not in ${base}; --plus puts it on ${vanilla}`
    )
  )

/** Kernels that groups of clients have whatever the cell. */
const fixedKernels = (loaded: LoadedScenario): Either.Either<ReadonlyArray<string>, ConfigError> => {
  const fixed = loaded.scenario.clients.map(({ kernel }) => kernel)
  return fixed.includes(undefined)
    ? Either.right([...new Set(fixed.filter((name) => name !== undefined))])
    : Either.left(
      mistakeAt(loaded.tree, {
        path: ["clients"],
        text: "every group names its own kernel, expected one that takes the kernels of the ablation"
      })
    )
}

/** What the scenario expects of kernels that it has in common with the ablation, and of all others. */
const expectationsOf = (expect: unknown, kernels: ReadonlyArray<string>): Mapping =>
  typeof expect === "object" && expect !== null
    ? Object.fromEntries(Object.entries(expect).filter(([name]) => name === "default" || kernels.includes(name)))
    : {}

const sameKernel = (a: KernelSpec | undefined, b: KernelSpec): boolean =>
  a !== undefined && a.allocator === b.allocator && a.base === b.base &&
  JSON.stringify(a.patches ?? {}) === JSON.stringify(b.patches ?? {})

/** Makes the plan of an ablation of a scenario. */
export const makeAblation = (
  given: LoadedScenario,
  options: AblationOptions
): Either.Either<AblationPlan, ConfigError> =>
  Either.gen(function*() {
    const { scenario } = given
    const base = yield* oneOf("base", BASES, options.base)
    const vanilla = yield* oneOf("vanilla", BASES, options.vanilla)
    const wanted = yield* Either.all(
      [...new Set(options.allocators)].map((word) => oneOf("allocator", ["slab", "slub"] as const, word))
    )
    const allocators = wanted.length > 0
      ? wanted
      : [...new Set(Object.values(scenario.kernels).map(({ allocator }) => allocator))]
    const names = yield* Either.all([...new Set(options.patches)].map((word) => oneOf("patch", NAMES, word)))
    const patches = names.length > 0 ? names : SERIES
    const variants = allocators.flatMap((allocator) => variantsOf(allocator, patches, base, vanilla, options.plus))
    for (const name of names) {
      if (!variants.some(({ patch }) => patch === name)) yield* unused(name, base, vanilla)
    }
    const kernels = new Map<string, KernelSpec>(variants.map(({ kernel, spec }) => [kernel, spec]))
    for (const name of yield* fixedKernels(given)) {
      if (kernels.has(name) && !sameKernel(kernels.get(name), kernelOf(scenario, name))) {
        return yield* Either.left(
          mistakeAt(given.tree, { path: ["kernels", name], text: "ablate uses this name, choose another" })
        )
      }
      kernels.set(name, kernelOf(scenario, name))
    }
    const { compare: _compare, map: _map, ...rest } = given.given
    const data: Mapping = {
      ...rest,
      kernels: Object.fromEntries(kernels),
      expect: expectationsOf(given.given.expect, [...kernels.keys()])
    }
    const decoded = yield* decodeScenario(given.file, data, given.file, given.workloads)
    // that a switch has no effect is what an ablation finds out
    const loaded = { ...decoded, warnings: decoded.warnings.filter(({ path }) => path[0] !== "kernels") }
    const jobs = variants.flatMap(({ kernel }) => scenario.seeds.map((seed) => ({ loaded, kernel, seed, field: null })))
    return {
      loaded,
      base,
      vanilla,
      allocators,
      patches,
      variants,
      seeds: scenario.seeds,
      jobs: jobs.map((job, id): Job => ({ id, ...job }))
    }
  })
