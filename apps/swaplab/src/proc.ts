// swaplab proc: /proc of a client of a scenario at a time of its run, and its memory nodes in sysfs, in the shape that tools read.
import {
  type Client,
  type ClientRun,
  ClusterRun,
  commOf,
  loadScenario,
  nodeFilesOf,
  procOf,
  procTree,
  tasksOf
} from "@swaplab/cluster"
import type { Values } from "@swaplab/command"
import { orList } from "@swaplab/config"
import { Console, Effect } from "effect"
import type { Commands } from "./commands.ts"
import { UsageError } from "./exit.ts"
import { withOut } from "./out.ts"
import { overridesOf } from "./overrides.ts"
import { goTo, timeOfOption } from "./run-to.ts"

const mistake = (message: string): Effect.Effect<never, UsageError> => new UsageError({ message })

const clientOf = (run: ClusterRun, name: string | undefined): Effect.Effect<ClientRun, UsageError> => {
  const names = run.clients.map(({ client }) => client.spec.name)
  const found = name === undefined ? run.clients[0] : run.clients[names.indexOf(name)]
  return found === undefined ? mistake(`proc: --client ${name}: expected ${orList(names)}`) : Effect.succeed(found)
}

/** A file by its name: one below /proc, one of a memory node, or the report of an allocation failure. */
export const fileOf = ({ machine }: Client, name: string): Effect.Effect<string, UsageError> => {
  const files = procOf(machine)
  const others: ReadonlyMap<string, () => string> = new Map(
    Object.entries<() => string>({ ...nodeFilesOf(machine), "Mem-Info": files["Mem-Info"] })
  )
  const file = others.get(name) ?? procTree(machine).get(name)
  if (file !== undefined) return Effect.succeed(file())
  if (/^\d+(\/|$)/.test(name)) {
    const known = [...tasksOf(machine)].map(([number, task]) => `${number} (${commOf(machine, task)})`)
    return mistake(
      `proc: ${name}: expected stat, statm, status, stack, comm or cmdline of a task: one of ${
        known.slice(0, 40).join(", ")
      }`
    )
  }
  const known = [...Object.keys(files), ...others.keys()].filter((each, i, all) => all.indexOf(each) === i)
  return mistake(
    `proc: ${name}: expected ${orList([...known, "PID/stat", "PID/status", "PID/stack", "sys/vm/…", "sys/net/…"])}`
  )
}

/** The whole tree, and the files of memory nodes, `node0/meminfo` as node0-meminfo. */
export const filesOf = ({ machine }: Client): ReadonlyArray<readonly [string, string]> => [
  ...[...procTree(machine)].map(([file, text]) => [file, text()] as const),
  ...Object.entries(nodeFilesOf(machine)).map(([file, text]) => [file.replace("/", "-"), text()] as const)
]

/** `swaplab proc`. */
export const proc = (flags: Values<Commands["proc"]>) =>
  Effect.gen(function*() {
    const loaded = yield* loadScenario(
      flags.file,
      yield* overridesOf({ set: flags.set, seed: flags.seed, seeds: undefined })
    )
    const { scenario, workloads } = loaded
    const kernels = Object.keys(scenario.kernels)
    const kernel = flags.kernel ?? kernels[0]
    if (!kernels.includes(kernel)) return yield* mistake(`proc: --kernel ${kernel}: expected ${orList(kernels)}`)
    const atNs = yield* timeOfOption("proc: --at", flags.at)
    if (flags.name === undefined && flags.out === undefined) {
      return yield* mistake("proc: expected the name of a file of /proc, or --out DIR for all of them")
    }
    const run = new ClusterRun(scenario, kernel, scenario.seeds[0], { workloads })
    const { client } = yield* clientOf(run, flags.client)
    yield* goTo(run, atNs)
    if (run.now < atNs && flags.at !== undefined) {
      yield* Console.error(`swaplab: the run was over at ${(run.now / 1e9).toFixed(3)} s: this is how it ended`)
    }
    const { name } = flags
    if (name !== undefined) yield* Console.log((yield* fileOf(client, name)).trimEnd())
    const texts = filesOf(client)
    yield* withOut(flags.out, (out) => out === null ? Effect.void : out.write(texts))
  })
