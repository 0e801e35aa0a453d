// The command line of swaplab: sub-commands, flags, help.
import { CliConfig, Command, HelpDoc, Options, ValidationError } from "@effect/cli"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { clientsOf, loadScenario, scenarioJsonSchema } from "@swaplab/cluster"
import { EXIT, layerScenarioFiles, makePlan } from "@swaplab/experiment"
import { drawText, item, section } from "@swaplab/report"
import { Cause, Console, Effect, Layer, Option } from "effect"
import { ablate, ABLATE_FLAGS } from "./ablate.ts"
import { EXIT_CODES, ExitWith } from "./exit.ts"
import { map, MAP_FLAGS } from "./map.ts"
import { type Flags, optionsFirst } from "./options-first.ts"
import { file, json, seed, seeds, set, text, texts, workers } from "./options.ts"
import { PATCHES_FLAGS, patchesCommand } from "./patches.ts"
import { withoutColours } from "./plain-console.ts"
import { overridesOf, run } from "./run.ts"
import { sheet } from "./screen.ts"
import { shrink, SHRINK_FLAGS } from "./shrink.ts"
import { why, WHY_FLAGS } from "./why.ts"

const exitCodeLines = EXIT_CODES.map(([code, meaning]) => HelpDoc.p(`${String(code).padEnd(4)} ${meaning}`))

const withExitCodes = (text: string): HelpDoc.HelpDoc =>
  HelpDoc.blocks([HelpDoc.p(text), HelpDoc.h1("EXIT CODES"), ...exitCodeLines])

const runCommand = (worker: URL) =>
  Command.make(
    "run",
    {
      file,
      seed,
      seeds,
      kernel: texts("kernel", "Runs this kernel of the scenario only. Any number of times."),
      set,
      json,
      out: text("out", "Writes result.json, series.msgpack, series.csv and report.txt to this directory."),
      workers,
      noMap: Options.boolean("no-map").pipe(Options.withDescription("Leaves out the map of outcomes."))
    },
    run(worker)
  ).pipe(Command.withDescription("Runs a scenario: each of its kernels with each of its seeds."))

const none = { seed: Option.none<number>(), seeds: Option.none<number>() }

const validateCommand = Command.make("validate", { file, set }, (flags) =>
  Effect.gen(function*() {
    const loaded = yield* loadScenario(flags.file, yield* overridesOf({ ...none, set: flags.set }))
    // a map can be wrong in its values only
    yield* makePlan(loaded)
    const { scenario, warnings } = loaded
    const kernels = Object.keys(scenario.kernels)
    const clients = clientsOf(scenario, kernels[0]).length
    const lines = [
      item(
        `${flags.file}: valid; kernels: ${kernels.length}, seeds: ${scenario.seeds.length}, clients: ${clients}`,
        "good"
      ),
      ...warnings.map((warning) => item(`warning: ${warning}`, "warn"))
    ]
    yield* Console.log(drawText(section(null, lines), sheet()).trimEnd())
  })).pipe(Command.withDescription("Checks a scenario without running it."))

const schemaCommand = Command.make("schema", {}, () => Console.log(JSON.stringify(scenarioJsonSchema(), null, 2))).pipe(
  Command.withDescription("Prints the JSON Schema of scenario files, for editors.")
)

const command = (worker: URL) =>
  Command.make("swaplab").pipe(
    Command.withDescription(
      withExitCodes("Emulates clusters of diskless Linux machines that swap over NBD to a shared server.")
    ),
    Command.withSubcommands([
      runCommand(worker),
      ablate(worker),
      why(worker),
      shrink(worker),
      map(worker),
      validateCommand,
      patchesCommand,
      schemaCommand
    ])
  )

/** The options above once more, as words. */
const FLAGS: Readonly<Record<string, Flags>> = {
  run: {
    withValue: ["--seed", "--seeds", "--kernel", "--set", "--out", "--workers"],
    alone: ["--json", "--no-map"]
  },
  ablate: ABLATE_FLAGS,
  map: MAP_FLAGS,
  why: WHY_FLAGS,
  shrink: SHRINK_FLAGS,
  validate: { withValue: ["--set"], alone: [] },
  patches: PATCHES_FLAGS,
  schema: { withValue: [], alone: [] }
}

const layer = Layer.mergeAll(
  Layer.provideMerge(layerScenarioFiles, NodeContext.layer),
  CliConfig.layer({ showBuiltIns: false, isCaseSensitive: true })
)

const say = (message: string, code: number) =>
  Effect.zipRight(Console.error(`swaplab: ${message}`), new ExitWith({ code }))

/** The whole command on the given arguments; `worker` is the module that worker threads start with. */
export const main = (argv: ReadonlyArray<string>, worker: URL, version: string): Effect.Effect<void, ExitWith> =>
  optionsFirst(argv, FLAGS).pipe(
    Effect.flatMap(Command.run(command(worker), { name: "swaplab", version })),
    Effect.catchTags({
      ScenarioError: (error) => Effect.zipRight(Console.error(error.message), new ExitWith({ code: EXIT.userError })),
      UsageError: (error) => say(error.message, EXIT.userError)
    }),
    Effect.catchIf(ValidationError.isValidationError, () => new ExitWith({ code: EXIT.userError })),
    Effect.catchAllCause((cause) => {
      const failure = Option.getOrUndefined(Cause.failureOption(cause))
      if (failure instanceof ExitWith) return failure
      if (Cause.isInterruptedOnly(cause)) return new ExitWith({ code: EXIT.interrupted })
      return say(`a fault of swaplab: ${Cause.pretty(cause)}`, EXIT.ourFault)
    }),
    withoutColours(sheet().colour),
    Effect.provide(layer)
  )
