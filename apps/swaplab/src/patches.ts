// swaplab patches: what kernels can be made of, and where a patch of a scenario changes nothing.
import { Args, Command, Options } from "@effect/cli"
import {
  BASE_INFO,
  baseInfo,
  kernelNamed,
  kernelPatches,
  type KernelSpec,
  loadScenario,
  PATCHES,
  patchesOf
} from "@swaplab/cluster"
import { baseTable, type Document, drawText, effectLines, patchTables } from "@swaplab/report"
import { Console, Effect, Option } from "effect"
import { UsageError } from "./exit.ts"
import type { Flags } from "./options-first.ts"
import { sheet } from "./screen.ts"

/** The options below once more, as words. */
export const PATCHES_FLAGS: Flags = { withValue: ["--scenario"], alone: ["--json"] }

const kernelOf = (text: string): Effect.Effect<Pick<KernelSpec, "base" | "patches">, UsageError> => {
  const named = kernelNamed(text)
  return "kernel" in named
    ? Effect.succeed(named.kernel)
    : Effect.fail(new UsageError({ message: `kernel: got ${JSON.stringify(text)}, expected ${named.expected}` }))
}

const show = (json: boolean, value: unknown, document: Document) =>
  Console.log(json ? JSON.stringify(value, null, 2) : drawText(document, sheet()).trimEnd())

const ofScenario = (file: string, json: boolean) =>
  Effect.gen(function*() {
    const { scenario } = yield* loadScenario(file)
    const kernels = kernelPatches(scenario)
    yield* show(json, { kernels }, effectLines(kernels))
  })

const ofKernel = (text: string, json: boolean) =>
  Effect.gen(function*() {
    const kernel = yield* kernelOf(text)
    const names = patchesOf(kernel)
    const patches = PATCHES.filter(({ name }) => names.has(name))
    const base = baseInfo(kernel.base)
    yield* show(json, { base, patches }, [...patchTables(patches), ...baseTable([base], PATCHES)])
  })

/** `swaplab patches [kernel] [--scenario file] [--json]` */
export const patchesCommand = Command.make(
  "patches",
  {
    kernel: Args.text({ name: "kernel" }).pipe(
      Args.withDescription("Only the patches of this kernel: v3.6, or \"v3.6 - nbd-memalloc + readahead-plug\"."),
      Args.optional
    ),
    scenario: Options.text("scenario").pipe(
      Options.withPseudoName("FILE"),
      Options.withDescription("Which patches in the kernels of this scenario change nothing there, and why."),
      Options.optional
    ),
    json: Options.boolean("json").pipe(Options.withDescription("Prints JSON and nothing else."))
  },
  ({ json, kernel, scenario }) =>
    Effect.gen(function*() {
      if (Option.isSome(scenario) && Option.isSome(kernel)) {
        return yield* new UsageError({ message: "patches: expected a kernel or --scenario, not both" })
      }
      if (Option.isSome(scenario)) return yield* ofScenario(scenario.value, json)
      if (Option.isSome(kernel)) return yield* ofKernel(kernel.value, json)
      yield* show(json, { patches: PATCHES, bases: BASE_INFO }, [
        ...patchTables(PATCHES),
        ...baseTable(BASE_INFO, PATCHES)
      ])
    })
).pipe(Command.withDescription("Lists the patches and bases that kernels are made of, and what is not verified."))
