// swaplab replay: a run of a result once more, up to a time; then its files of /proc, and on with something changed.
import { applyChanges, ClusterRun, liveChanges, type LoadedScenario, withOverrides } from "@swaplab/cluster"
import type { Values } from "@swaplab/command"
import { isMapping, mistake, orList, overrideOf, parseOverride, parseValue, plainOf } from "@swaplab/config"
import {
  cellOf,
  type CellResult,
  chooseRun,
  compareCells,
  readCells,
  readResult,
  type SavedResult,
  type SavedRun
} from "@swaplab/experiment"
import { makeTicker, renderReplay, type Replayed } from "@swaplab/report"
import { Console, Effect, Either } from "effect"
import { stderr } from "node:process"
import type { Commands } from "./commands.ts"
import { threadCpuSeconds } from "./cpu-time.ts"
import { engine } from "./engine.ts"
import { UsageError } from "./exit.ts"
import { withOut } from "./out.ts"
import { fileOf, filesOf } from "./proc.ts"
import { goTo, timeOfOption } from "./run-to.ts"
import { sheet } from "./screen.ts"
import { choiceOf } from "./why.ts"

type Flags = Values<Commands["replay"]>

/** Keys that say when a fault begins, which is the time of the replay. */
const WHEN = ["at", "between", "every", "from", "until"]

/** One more fault, as a file has it. */
const faultOf = (text: string, atNs: number) =>
  Effect.gen(function*() {
    const value = plainOf(yield* parseValue(`--fault ${text}`, text))
    if (!isMapping(value)) {
      return yield* mistake(`--fault ${text}`, "expected a mapping such as {what: down, where: client-1, for: 2 s}")
    }
    const when = WHEN.find((key) => key in value)
    if (when !== undefined) {
      return yield* mistake(
        `--fault ${text}`,
        `${when}: expected no such key, because the fault begins at the time of --at`
      )
    }
    return { ...value, at: `${atNs} ns` }
  })

/** The scenario with more faults. They begin later, so that it is the same until then. */
const withFaults = (loaded: LoadedScenario, faults: ReadonlyArray<string>, atNs: number) =>
  Effect.gen(function*() {
    if (faults.length === 0) return loaded
    const own = loaded.given["faults"]
    const more = yield* Effect.forEach(faults, (text) => faultOf(text, atNs))
    return yield* withOverrides(loaded, [
      overrideOf("--fault", ["faults"], [...(Array.isArray(own) ? own : []), ...more])
    ])
  })

/** What is different from --at on. */
const changesOf = ({ loaded }: SavedResult, { set }: Flags, { kernel }: SavedRun) =>
  Effect.gen(function*() {
    const overrides = yield* Effect.forEach(set, (text) => parseOverride("--set", text))
    const target = yield* withOverrides(loaded, overrides)
    const changes = liveChanges(loaded.scenario, target.scenario, kernel)
    if (Either.isLeft(changes)) return yield* new UsageError({ message: `--set: ${changes.left}` })
    if (set.length > 0 && changes.right.length === 0) {
      return yield* new UsageError({ message: `--set ${set.join(" ")}: changes nothing, the run has that already` })
    }
    return changes.right
  })

/** The run as it was recorded, and the build of swaplab that made it. */
const recordedOf = (result: string, { kernel, seed }: SavedRun) =>
  Effect.gen(function*() {
    const { cells, engine: made } = yield* readCells(result)
    const cell = cells.find((one) => one.kernel === kernel)?.runs.find((one) => one.seed === seed)
    return cell === undefined ? yield* mistake(result, "has no figures of this run") : { engine: made, cell }
  })

/** How the run ended, against what was recorded. */
const comparedWith = (
  before: CellResult,
  run: SavedRun,
  { scenario, workloads }: LoadedScenario,
  going: ClusterRun
): Pick<Replayed, "clients" | "rows" | "same"> => {
  const result = going.result("timeout", threadCpuSeconds())
  const cell = (of: CellResult) => ({ kernel: run.kernel, at: {}, runs: [of] })
  const { rows } = compareCells({ a: cell(before), b: cell(cellOf(scenario, result, workloads)) }, workloads)
  return {
    same: result.fingerprint === run.fingerprint,
    clients: result.clients.map(({ lockup, name, outcome }) => ({
      name,
      before: run.clients.find((client) => client.name === name)?.outcome ?? "",
      after: outcome,
      report: lockup?.text ?? null
    })),
    rows: rows.filter(({ a, b }) => a.value !== b.value)
  }
}

/** The client whose files are printed. */
const lookedAt = (going: ClusterRun, name: string | undefined) => {
  const names = going.clients.map(({ client }) => client.spec.name)
  const found = going.clients[name === undefined ? 0 : names.indexOf(name)]
  return found === undefined
    ? Either.left(new UsageError({ message: `replay: --client ${name}: expected ${orList(names)}` }))
    : Either.right(found.client)
}

/** Goes to a time; a line tells where it is. */
const goWithLine = (going: ClusterRun, ns: number) =>
  Effect.gen(function*() {
    const ticker = yield* makeTicker(stderr)
    yield* Effect.ensuring(goTo(going, ns, (now) => ticker.show(`at ${(now / 1e9).toFixed(3)} s`)), ticker.end)
  })

/** `swaplab replay`. */
export const replay = (flags: Flags, worker: URL) =>
  Effect.gen(function*() {
    const atNs = yield* timeOfOption("replay: --at", flags.at)
    const saved = yield* readResult(flags.result)
    const run = yield* chooseRun(saved, choiceOf({ ...flags, client: undefined }))
    const changing = flags.set.length + flags.fault.length > 0
    if (changing && flags.at === undefined) {
      return yield* new UsageError({ message: "replay: --set and --fault: expected --at too" })
    }
    if (flags.name === undefined && flags.out === undefined && !changing) {
      return yield* new UsageError({
        message: "replay: expected the name of a file of /proc, --out DIR for all of them, --set or --fault"
      })
    }
    const changes = yield* changesOf(saved, flags, run)
    const loaded = yield* withFaults(saved.loaded, flags.fault, atNs)
    const recorded = yield* recordedOf(flags.result, run)
    if (recorded.engine !== null && recorded.engine !== engine(worker)) {
      yield* Console.error(`swaplab: the result is of ${recorded.engine}: this version may simulate differently`)
    }
    const going = new ClusterRun(loaded.scenario, run.kernel, run.seed, { workloads: loaded.workloads })
    const client = yield* lookedAt(going, flags.client)
    yield* withOut(flags.out, (out) =>
      Effect.gen(function*() {
        yield* goWithLine(going, atNs)
        if (going.now < atNs && flags.at !== undefined) {
          const over = `the run was over at ${(going.now / 1e9).toFixed(3)} s`
          if (changing) return yield* new UsageError({ message: `replay: --at ${flags.at}: ${over}` })
          yield* Console.error(`swaplab: ${over}: this is how it ended`)
        }
        if (flags.name !== undefined) yield* Console.log((yield* fileOf(client, flags.name)).trimEnd())
        const texts = filesOf(client)
        if (!changing) return out === null ? undefined : yield* out.write(texts)
        applyChanges(going, changes)
        yield* goWithLine(going, Number.POSITIVE_INFINITY)
        const replayed: Replayed = {
          kernel: run.kernel,
          seed: run.seed,
          atNs,
          changes,
          faults: flags.fault,
          ...comparedWith(recorded.cell, run, loaded, going)
        }
        yield* Console.log(flags.json ? JSON.stringify(replayed) : renderReplay(replayed, sheet()).trimEnd())
        if (out !== null) yield* out.write([...texts, ["replay.txt", renderReplay(replayed)]])
      }))
  })
