// swaplab export: a run or a result in a form that other tools open.
import { ClusterRun, loadScenario } from "@swaplab/cluster"
import type { Values } from "@swaplab/command"
import { orList } from "@swaplab/config"
import { readResult } from "@swaplab/experiment"
import { junitXml, nodeMetrics, traceJson } from "@swaplab/report"
import { Console, Effect } from "effect"
import type { Commands } from "./commands.ts"
import { UsageError } from "./exit.ts"
import { overridesOf } from "./overrides.ts"
import { goTo, timeOfOption } from "./run-to.ts"

type Flags = Values<Commands["export"]>

/** The run of a scenario, at its start. */
const runOf = ({ file, kernel: wanted, seed, set }: Flags) =>
  Effect.gen(function*() {
    const { scenario, workloads } = yield* loadScenario(file, yield* overridesOf({ set, seed, seeds: undefined }))
    const kernels = Object.keys(scenario.kernels)
    const kernel = wanted ?? kernels[0]
    if (!kernels.includes(kernel)) {
      return yield* new UsageError({ message: `export: --kernel ${kernel}: expected ${orList(kernels)}` })
    }
    return new ClusterRun(scenario, kernel, scenario.seeds[0], { workloads })
  })

const seconds = (ns: number): string => `${(ns / 1e9).toFixed(3)} s`

const trace = (flags: Flags, untilNs: number) =>
  Effect.gen(function*() {
    const { fullAtNs, json } = traceJson(yield* runOf(flags), untilNs)
    if (fullAtNs !== null) {
      yield* Console.error(`swaplab: the trace is full, it ends at ${seconds(fullAtNs)}: --until says where to stop`)
    }
    return json
  })

const prometheus = (flags: Flags, untilNs: number) =>
  Effect.gen(function*() {
    const run = yield* runOf(flags)
    yield* goTo(run, untilNs)
    return nodeMetrics(run)
  })

const junit = ({ file }: Flags) => Effect.map(readResult(file), junitXml)

/** The table of formats. */
const FORMATS = { trace, prometheus, junit }

/** `swaplab export`. */
export const exportTo = (flags: Flags) =>
  Effect.gen(function*() {
    const { as, until } = flags
    if (as === undefined) {
      return yield* new UsageError({ message: `export: --as is missing, expected ${orList(Object.keys(FORMATS))}` })
    }
    const untilNs = yield* timeOfOption("export: --until", until)
    const text = yield* FORMATS[as](flags, untilNs)
    yield* Console.log(text.trimEnd())
  })
