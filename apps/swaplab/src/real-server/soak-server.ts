// swaplab soak --server: clients of a scenario at a real server, one run after the other, while faults come to the server.
import { type LoadedScenario, loadScenario } from "@swaplab/cluster"
import type { Values } from "@swaplab/command"
import { orList } from "@swaplab/config"
import { EXIT, jsonFile, kernelFor, serverTraceFiles } from "@swaplab/experiment"
import { makeTicker, renderServerSoak } from "@swaplab/report"
import { Cause, Console, Effect, Fiber } from "effect"
import { stderr } from "node:process"
import type { Commands } from "../commands.ts"
import { ExitWith, UsageError } from "../exit.ts"
import { onStop } from "../kept-runs.ts"
import { type Out, withOut } from "../out.ts"
import { sheet } from "../screen.ts"
import { checkScenario, checkServer, withoutEffect } from "./check-server.ts"
import { openControl } from "./control.ts"
import { CLIENT, parseNbdUri } from "./nbd-uri.ts"
import { FAULT_ROWS, makerOf } from "./server-faults.ts"
import { type Soaked, soakRuns } from "./soak-runs.ts"

type Flags = Values<Commands["soak"]>

const mistake = (message: string): Effect.Effect<never, UsageError> => new UsageError({ message })

/** Options of soak that are of modelled servers only. */
const MODELLED = ["clientHours", "canary", "shrink", "draw", "fresh", "workers", "cluster", "tokenFile"] as const

const dashed = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/** Options that need --server are a mistake without it. */
export const checkWithout = (
  { control, controlToken, faults, restartCommand }: Flags
): Effect.Effect<void, UsageError> =>
  control !== undefined || faults.length > 0 || restartCommand !== undefined || controlToken !== undefined
    ? mistake("soak: --control, --control-token, --restart-command and --faults: expected --server too")
    : Effect.void

/** Which faults are made, and which of the others are nobody's to make. */
const faultsOf = ({ control, faults, restartCommand }: Flags) =>
  Effect.gen(function*() {
    const names = Object.keys(FAULT_ROWS)
    const can = (name: string): boolean =>
      makerOf(name) === "--control" ? control !== undefined : restartCommand !== undefined
    const wanted = faults.flatMap((list) => list.split(","))
    for (const name of wanted) {
      if (!names.includes(name)) return yield* mistake(`--faults ${name}: expected ${orList(names)}`)
      if (!can(name)) return yield* mistake(`--faults ${name}: expected ${makerOf(name)} too, by which it is made`)
    }
    const missing = names.filter((name) => !can(name))
    return {
      faults: wanted.length > 0 ? wanted : names.filter(can),
      notMade: wanted.length > 0 || missing.length === 0
        ? null
        : `Not made, because there is no ${orList([...new Set(missing.map(makerOf))])}: ${missing.join(", ")}.`
    }
  })

const exitCodeOf = ({ soak: { brokenLaws, ended, findings } }: Soaked): number => {
  if (brokenLaws.length > 0) return EXIT.ourFault
  if (findings.length > 0) return EXIT.threshold
  return ended === "interrupted" ? EXIT.interrupted : EXIT.ok
}

const finish = (soaked: Soaked, loaded: LoadedScenario, flags: Flags, out: Out | null) =>
  Effect.gen(function*() {
    const { failed, refused, soak } = soaked
    yield* Console.log(flags.json ? JSON.stringify(soak) : renderServerSoak(soak, sheet()).trimEnd())
    if (out !== null) {
      yield* out.write([
        ["soak.json", jsonFile(soak)],
        ["report.txt", renderServerSoak(soak)],
        ...(yield* serverTraceFiles(loaded, failed))
      ])
    }
    if (refused !== null) return yield* mistake(refused)
    const code = exitCodeOf(soaked)
    if (code !== EXIT.ok) return yield* new ExitWith({ code })
  })

/** `swaplab soak --server`. `millis`: when it ends; null: with its runs. */
export const soakServer = (flags: Flags, millis: number | null, runs: number) =>
  Effect.gen(function*() {
    const wrong = MODELLED.filter((name) => flags[name] !== undefined && flags[name] !== false)
    if (wrong.length > 0) return yield* mistake(`--${dashed(wrong[0])} and --server: expected one of the two`)
    if (flags.file === undefined) {
      return yield* mistake("soak --server: expected a scenario, whose clients use the server")
    }
    const loaded = yield* loadScenario(flags.file)
    const uri = yield* parseNbdUri("--server", flags.server ?? "")
    const kernel = yield* kernelFor(loaded, undefined)
    yield* checkScenario(loaded, "--server")
    const { faults, notMade } = yield* faultsOf(flags)
    if (flags.control !== undefined && uri.name.replaceAll(CLIENT, "") === "") {
      return yield* mistake(`--control: expected --server with the name of an export, got ${uri.text}`)
    }
    if ((flags.control === undefined) !== (flags.controlToken === undefined)) {
      return yield* mistake("--control and --control-token: expected both or none")
    }
    const control = flags.control === undefined ? null : yield* openControl(flags.control, flags.controlToken ?? "")
    yield* checkServer("--server", uri, loaded, [kernel])
    for (const said of [withoutEffect(loaded), notMade]) if (said !== null) yield* Console.error(`swaplab: ${said}`)
    yield* withOut(flags.out, (out) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.gen(function*() {
          const ticker = yield* makeTicker(stderr)
          const began = performance.now()
          let interrupted = false
          const running = yield* Effect.forkDaemon(Effect.promise(() =>
            soakRuns({
              loaded,
              kernel,
              uri,
              firstSeed: flags.seed ?? 1,
              runs,
              untilFailure: flags.untilFailure,
              faults,
              notMade,
              control,
              command: flags.restartCommand ?? null,
              timeUp: () => millis !== null && performance.now() - began > millis,
              interrupted: () => interrupted,
              onRun: ({ findings, requests, runs: made }) =>
                Effect.runFork(ticker.show(`${made} runs, ${requests} requests, ${findings.length} findings`))
            })
          ))
          const ended = yield* Effect.exit(restore(Fiber.join(running)))
          if (ended._tag === "Failure" && Cause.isInterruptedOnly(ended.cause)) {
            interrupted = true
            yield* onStop
          }
          const soaked = yield* Effect.ensuring(Fiber.join(running), ticker.end)
          yield* finish(soaked, loaded, flags, out)
        })
      ))
  })
