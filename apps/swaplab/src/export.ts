// swaplab export: a run or a result in a form that other tools open.
import {
  type ClientRun,
  ClusterRun,
  FTRACE_SUBSYSTEMS,
  type FtraceEvent,
  ftraceEventsOf,
  FtraceRecorder,
  loadScenario
} from "@swaplab/cluster"
import type { Values } from "@swaplab/command"
import { orList } from "@swaplab/config"
import { readResult, seriesCsv } from "@swaplab/experiment"
import { captureOf, foldedStacks, grafanaDashboard, junitXml, nodeMetrics, swapIolog, traceJson } from "@swaplab/report"
import { Console, Effect } from "effect"
import type { Commands } from "./commands.ts"
import { UsageError } from "./exit.ts"
import { EXPORT_FORMATS, EXPORT_NAMES, type ExportFormat } from "./export-formats.ts"
import { overridesOf } from "./overrides.ts"
import { goTo, timeOfOption } from "./run-to.ts"
import { writeOut } from "./write-out.ts"

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

/** Says that an export ends before the run. */
const tellFull = (what: string, fullAtNs: number | null): Effect.Effect<void> =>
  fullAtNs === null
    ? Effect.void
    : Console.error(`swaplab: ${what} is full, it ends at ${seconds(fullAtNs)}: --until says where to stop`)

const trace = (flags: Flags, untilNs: number) =>
  Effect.gen(function*() {
    const { fullAtNs, json } = traceJson(yield* runOf(flags), untilNs)
    yield* tellFull("the trace", fullAtNs)
    return json
  })

/** The tracepoints of `--event`. */
const eventsOf = (names: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<FtraceEvent>, UsageError> =>
  Effect.map(
    Effect.forEach(names.length === 0 ? FTRACE_SUBSYSTEMS : names, (name) => {
      const events = ftraceEventsOf(name)
      return events.length > 0 ? Effect.succeed(events) : new UsageError({
        message: `export: --event ${name}: expected ${
          orList([...FTRACE_SUBSYSTEMS, ...FTRACE_SUBSYSTEMS.flatMap(ftraceEventsOf)])
        }`
      })
    }),
    (events) => events.flat()
  )

const clientOf = ({ clients }: ClusterRun, name: string | undefined): Effect.Effect<ClientRun, UsageError> => {
  const names = clients.map(({ client }) => client.spec.name)
  const found = name === undefined ? clients.at(0) : clients[names.indexOf(name)]
  return found === undefined
    ? new UsageError({ message: `export: --client ${name}: expected ${orList(names)}` })
    : Effect.succeed(found)
}

const ftrace = (flags: Flags, untilNs: number) =>
  Effect.gen(function*() {
    const events = yield* eventsOf(flags.event)
    const run = yield* runOf(flags)
    const recorder = new FtraceRecorder(run.cluster, yield* clientOf(run, flags.client), events)
    yield* goTo(run, untilNs, () => recorder.fullAtNs === null ? Effect.void : Effect.fail("full" as const)).pipe(
      Effect.ignore
    )
    yield* tellFull("the trace", recorder.fullAtNs)
    return recorder.text()
  })

const recorded = (flags: Flags, untilNs: number) =>
  Effect.gen(function*() {
    const capture = captureOf(yield* runOf(flags), flags.link)
    if ("cables" in capture) {
      const { cables } = capture
      const got = flags.link === undefined ? "--link is missing" : `--link ${flags.link}`
      return yield* new UsageError({ message: `export: ${got}, expected a cable: ${orList(cables)}` })
    }
    yield* capture.goTo(untilNs)
    yield* tellFull("the capture", capture.fullAtNs)
    return capture.bytes()
  })

const pcapng = recorded

const iolog = (flags: Flags, untilNs: number) => Effect.map(recorded(flags, untilNs), swapIolog)

const folded = (flags: Flags, untilNs: number) =>
  Effect.gen(function*() {
    const run = yield* runOf(flags)
    yield* goTo(run, untilNs)
    return foldedStacks(run)
  })

const csv = (flags: Flags, untilNs: number) =>
  Effect.gen(function*() {
    const run = yield* runOf(flags)
    yield* goTo(run, untilNs)
    const { kernel, seed, series } = run.result("stopped", 0)
    return seriesCsv([{ kernel, seed, series }])
  })

const grafana = (flags: Flags) => Effect.map(runOf(flags), ({ scenario }) => grafanaDashboard(scenario.name))

const prometheus = (flags: Flags, untilNs: number) =>
  Effect.gen(function*() {
    const run = yield* runOf(flags)
    yield* goTo(run, untilNs)
    return nodeMetrics(run)
  })

const junit = ({ file }: Flags) => Effect.map(readResult(file), junitXml)

/** How each of them is made. */
const FORMATS = { trace, ftrace, pcapng, iolog, folded, csv, prometheus, grafana, junit } satisfies Record<
  ExportFormat,
  unknown
>

/** `swaplab export`. */
export const exportTo = (flags: Flags) =>
  Effect.gen(function*() {
    const { as, client, event, link, until } = flags
    if (as === undefined) {
      return yield* new UsageError({ message: `export: --as is missing, expected ${orList(EXPORT_NAMES)}` })
    }
    if (link !== undefined && as !== "pcapng" && as !== "iolog") {
      return yield* new UsageError({
        message: `export: --link has no effect with --as ${as}, only with pcapng and iolog`
      })
    }
    const other = client !== undefined ? "client" : event.length > 0 ? "event" : null
    if (other !== null && as !== "ftrace") {
      return yield* new UsageError({ message: `export: --${other} has no effect with --as ${as}, only with ftrace` })
    }
    const { of } = EXPORT_FORMATS[as]
    if (until !== undefined && of !== "run") {
      return yield* new UsageError({ message: `export: --until has no effect with --as ${as}, which is of a ${of}` })
    }
    const untilNs = yield* timeOfOption("export: --until", until)
    yield* writeOut(yield* FORMATS[as](flags, untilNs))
  })
