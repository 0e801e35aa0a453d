// swaplab patches: what kernels can be made of, and where a patch of a scenario changes nothing.
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
import type { Values } from "@swaplab/command"
import { baseTable, type Document, drawText, effectLines, patchTables } from "@swaplab/report"
import { Console, Effect } from "effect"
import type { Commands } from "./commands.ts"
import { UsageError } from "./exit.ts"
import { sheet } from "./screen.ts"

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

/** `swaplab patches`: all there is, or that of a kernel, or what a scenario makes of it. */
export const patches = ({ json, kernel, scenario }: Values<Commands["patches"]>) =>
  Effect.gen(function*() {
    if (scenario !== undefined && kernel !== undefined) {
      return yield* new UsageError({ message: "patches: expected a kernel or --scenario, not both" })
    }
    if (scenario !== undefined) return yield* ofScenario(scenario, json)
    if (kernel !== undefined) return yield* ofKernel(kernel, json)
    yield* show(json, { patches: PATCHES, bases: BASE_INFO }, [
      ...patchTables(PATCHES),
      ...baseTable(BASE_INFO, PATCHES)
    ])
  })
