// swaplab proc: /proc of a client of a scenario at a time of its run, and its memory nodes in sysfs, in the shape that tools read.
import {
  type Client,
  type ClientRun,
  ClusterRun,
  loadScenario,
  nodeFilesOf,
  type Proc,
  procOf,
  stackText,
  statusText,
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

/** A file by its name: that of a task is PID/status or PID/stack. */
export const fileOf = (files: Proc, { machine }: Client, name: string): Effect.Effect<string, UsageError> => {
  const nodeFiles = nodeFilesOf(machine)
  const file = Object.entries<() => string>({ ...files, ...nodeFiles }).find(([known]) => known === name)
  if (file !== undefined) return Effect.succeed(file[1]())
  const tasks = tasksOf(machine)
  const [, pid = "", what = ""] = /^(\d+)\/(status|stack)$/.exec(name) ?? []
  const task = tasks.get(Number(pid))
  if (task !== undefined) {
    return Effect.succeed(what === "stack" ? stackText(task) : statusText(machine, Number(pid), task))
  }
  if (pid === "") {
    return mistake(
      `proc: ${name}: expected ${orList([...Object.keys(files), ...Object.keys(nodeFiles), "PID/status", "PID/stack"])}`
    )
  }
  const known = [...tasks].map(([number, { name: comm }]) => `${number} (${comm})`)
  return mistake(`proc: ${name}: no task has that PID, expected one of ${known.slice(0, 40).join(", ")}`)
}

/** The files at the top of /proc, and those of memory nodes, `node0/meminfo` as node0-meminfo. */
export const topFiles = (files: Proc, { machine }: Client): ReadonlyArray<readonly [string, string]> => [
  ...Object.entries(files).filter(([file]) => /^[a-z]+$/.test(file)).map(([file, text]) => [file, text()] as const),
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
    const files: Proc = procOf(client.machine)
    const { name } = flags
    if (name !== undefined) yield* Console.log((yield* fileOf(files, client, name)).trimEnd())
    const texts = topFiles(files, client)
    yield* withOut(flags.out, (out) => out === null ? Effect.void : out.write(texts))
  })
