// swaplab check-determinism: the runs of a scenario, made in two ways that must not matter: in another process, on another number of
// workers, with another Node. A run whose events differ is made once more in each way, event by event.
import { loadScenario } from "@swaplab/cluster"
import type { Values } from "@swaplab/command"
import { compareEvents, type DifferingRun, differingRuns, EXIT, makePlan } from "@swaplab/experiment"
import { type CheckedRuns, makeTicker, renderChecked } from "@swaplab/report"
import { Console, Effect } from "effect"
import { availableParallelism } from "node:os"
import { execPath, stderr, version } from "node:process"
import type { Commands } from "./commands.ts"
import { resultOf, runIn, SideLost, versionOf, type Way } from "./determinism-sides.ts"
import { ExitWith } from "./exit.ts"
import { overridesOf } from "./overrides.ts"
import { sheet } from "./screen.ts"

type Flags = Values<Commands["check-determinism"]>

/** Options of `swaplab run` that make the same runs. */
const argsOf = ({ file, kernel, seed, seeds, set }: Flags): ReadonlyArray<string> => [
  file,
  ...kernel.flatMap((name) => ["--kernel", name]),
  ...(seed === undefined ? [] : ["--seed", `${seed}`]),
  ...(seeds === undefined ? [] : ["--seeds", `${seeds}`]),
  ...set.flatMap((text) => ["--set", text]),
  "--no-map"
]

/** The first run that differs, event by event. */
const lookCloser = (flags: Flags, worker: URL, ways: readonly [Way, Way], { kernel, seed }: DifferingRun) =>
  Effect.scoped(Effect.gen(function*() {
    const ticker = yield* makeTicker(stderr)
    const options = { file: flags.file, set: flags.set, kernel, seed }
    const [a, b] = yield* Effect.all([runIn(ways[0], worker, options), runIn(ways[1], worker, options)])
    return yield* compareEvents(
      a,
      b,
      ({ count, first, simulatedNs }) =>
        ticker.show(`${kernel}, seed ${seed}: ${first + count} events the same, ${(simulatedNs / 1e9).toFixed(3)} s`)
    ).pipe(Effect.ensuring(ticker.end))
  }))

/** `swaplab check-determinism`; `worker` stands beside the modules that its processes start with. */
export const checkDeterminism = (flags: Flags, worker: URL) =>
  Effect.gen(function*() {
    const loaded = yield* loadScenario(flags.file, yield* overridesOf(flags))
    // what cannot be run is a mistake that is told before anything is started
    const plan = yield* makePlan(loaded, {
      noMap: true,
      ...(flags.kernel.length > 0 ? { kernels: flags.kernel } : {})
    })
    const node = flags.node ?? execPath
    const ways: readonly [Way, Way] = [
      { node: execPath, version, workers: 1 },
      { node, version: yield* versionOf(node), workers: flags.workers ?? Math.max(2, availableParallelism()) }
    ]
    const args = argsOf(flags)
    // one after the other: each has the machine for itself
    const results = yield* Effect.forEach(ways, (way) => resultOf(way, worker, args))
    const runs = differingRuns(results[0], results[1])
    const [first] = runs.filter(({ diverges }) => diverges)
    const closer = first === undefined ? null : yield* lookCloser(flags, worker, ways, first)
    const checked: CheckedRuns = {
      name: loaded.scenario.name,
      file: flags.file,
      runs: plan.jobs.length,
      ways: ways.map(({ version: of, workers }) => ({ node: of, workers })),
      differing: runs,
      first: first === undefined || closer === null ? null : { ...first, ...closer }
    }
    yield* Console.log(flags.json ? JSON.stringify(checked) : renderChecked(checked, sheet()).trimEnd())
    if (runs.length > 0) return yield* new ExitWith({ code: EXIT.ourFault })
  }).pipe(
    Effect.catchTag("SideLost", ({ message }: SideLost) =>
      Effect.zipRight(Console.error(`swaplab: ${message}`), new ExitWith({ code: EXIT.ourFault })))
  )
