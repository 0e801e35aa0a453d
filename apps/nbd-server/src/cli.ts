// The command line of swaplab-nbd-server.
import { CliConfig, Command, HelpDoc, Options, ValidationError } from "@effect/cli"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { type ConfigError, decodeTree, type Override, overrideOf, type Path, treeOf } from "@swaplab/config"
import { Cause, Console, Effect, Layer, Option, Schema } from "effect"
import { endpointOf } from "./config/addresses.ts"
import { configOfFlags, loadConfig } from "./config/load.ts"
import { type Config, configJsonSchema, FaultPlanSchema } from "./config/schema.ts"
import { EXIT, EXIT_CODES, ExitWith, UserError } from "./exit.ts"
import { askControl, readToken } from "./ops/control.ts"
import { type Status, statusText } from "./ops/status.ts"
import { type Host, serve } from "./serve.ts"

const config = Options.text("config").pipe(
  Options.withAlias("c"),
  Options.withPseudoName("FILE"),
  Options.withDescription("The configuration (YAML)."),
  Options.optional
)
const listen = Options.text("listen").pipe(
  Options.withPseudoName("PLACE"),
  Options.withDescription("Where to listen: 127.0.0.1:10809, [::1]:10809, unix:/path. Any number of times."),
  Options.repeated
)
const swap = Options.text("swap").pipe(
  Options.withPseudoName("SIZE"),
  Options.withDescription("Swap for clients, such as 512 MiB: an export swap-NAME for each name, made on first use."),
  Options.optional
)
const directory = Options.directory("directory", { exists: "yes" }).pipe(
  Options.withDescription("Where swap is kept, one sparse file a client. Without it: in memory."),
  Options.optional
)
const memory = Options.text("memory").pipe(
  Options.withPseudoName("SIZE"),
  Options.withDescription("One export in memory, the default one."),
  Options.optional
)
const file = Options.text("file").pipe(
  Options.withPseudoName("PATH"),
  Options.withDescription("One export from a file, the default one."),
  Options.optional
)
const readOnly = Options.boolean("read-only").pipe(Options.withDescription("The file of --file cannot be written."))
const metrics = Options.text("metrics").pipe(
  Options.withPseudoName("PLACE"),
  Options.withDescription("Where /metrics, /healthz and /status are served, such as 127.0.0.1:10810."),
  Options.optional
)

const flags = { config, listen, swap, directory, memory, file, readOnly, metrics }

interface Flags {
  readonly config: Option.Option<string>
  readonly listen: ReadonlyArray<string>
  readonly swap: Option.Option<string>
  readonly directory: Option.Option<string>
  readonly memory: Option.Option<string>
  readonly file: Option.Option<string>
  readonly readOnly: boolean
  readonly metrics: Option.Option<string>
}

/** The values of flags, each where a file would have it. */
const overridesOf = ({ directory, file, listen, memory, metrics, readOnly, swap }: Flags): ReadonlyArray<Override> => {
  const one = (flag: string, value: Option.Option<string>, path: Path): ReadonlyArray<Override> =>
    Option.isNone(value) ? [] : [overrideOf(`--${flag} ${value.value}`, path, value.value)]
  return [
    ...(listen.length === 0
      ? []
      : [overrideOf(listen.map((place) => `--listen ${place}`).join(" "), ["listen"], listen)]),
    ...one("metrics", metrics, ["metrics"]),
    ...one("memory", memory, ["exports", "memory", "memory"]),
    ...one("file", file, ["exports", "file", "file"]),
    ...(readOnly ? [overrideOf("--read-only", ["exports", "file", "readOnly"], true)] : []),
    ...one("swap", swap, ["swap", "swap-*", "size"]),
    ...(Option.isNone(directory) ? [] : [overrideOf("--directory", ["swap", "swap-*", "store"], "file")]),
    ...one("directory", directory, ["swap", "swap-*", "directory"])
  ]
}

/** The configuration of a file, or of flags; where to listen and the probes may be put over a file's. */
const configOf = (given: Flags): Effect.Effect<Config, UserError | ConfigError> => {
  const { config, directory, file, memory, readOnly, swap } = given
  const asFlags = [swap, directory, memory, file].some(Option.isSome) || readOnly
  if (Option.isSome(config)) {
    return asFlags
      ? new UserError({ message: "--config: expected no --swap, --directory, --memory, --file or --read-only with it" })
      : loadConfig(config.value, overridesOf(given))
  }
  if (!asFlags) return new UserError({ message: "nothing to serve: expected --config, --swap, --memory or --file" })
  if (readOnly && Option.isNone(file)) return new UserError({ message: "--read-only: expected --file with it" })
  if (Option.isSome(directory) && Option.isNone(swap)) {
    return new UserError({ message: "--directory: expected --swap with it" })
  }
  return configOfFlags(overridesOf(given))
}

const exitCodeLines = EXIT_CODES.map(([code, meaning]) => HelpDoc.p(`${String(code).padEnd(4)} ${meaning}`))

const checkCommand = Command.make("check", flags, (given) =>
  Effect.flatMap(configOf(given), (checked) =>
    Console.log(
      `valid; exports: ${Object.keys(checked.exports).length}, templates: ${Object.keys(checked.swap).length}`
    ))).pipe(Command.withDescription("Checks a configuration and opens nothing."))

const schemaCommand = Command.make("schema", {}, () => Console.log(JSON.stringify(configJsonSchema(), null, 2))).pipe(
  Command.withDescription("Prints the JSON Schema of configurations, for editors.")
)

const probe = (place: string): Effect.Effect<Status, UserError> =>
  Effect.tryPromise({
    try: async () => {
      const response = await fetch(`http://${place}/status`)
      return await response.json() as Status
    },
    catch: () => new UserError({ message: `${place}: no server answers there; was it started with --metrics?` })
  })

const statusCommand = Command.make(
  "status",
  {
    metrics: Options.text("metrics").pipe(
      Options.withPseudoName("PLACE"),
      Options.withDescription("Where the server serves its probes."),
      Options.withDefault("127.0.0.1:10810")
    ),
    json: Options.boolean("json").pipe(Options.withDescription("Prints the state as JSON, without rates."))
  },
  ({ json, metrics }) =>
    Effect.gen(function*() {
      if (endpointOf(metrics)?.kind !== "tcp") {
        return yield* new UserError({
          message: `--metrics: got ${metrics}, expected an address such as 127.0.0.1:10810`
        })
      }
      const before = yield* probe(metrics)
      if (json) return yield* Console.log(JSON.stringify(before))
      yield* Effect.sleep(1000)
      yield* Console.log(statusText(before, yield* probe(metrics), 1))
    })
).pipe(Command.withDescription("Lists clients with their rates and latencies, and stores with the swap in use."))

const faultsCommand = Command.make(
  "faults",
  {
    socket: Options.text("socket").pipe(Options.withDescription("The control socket.")),
    tokenFile: Options.text("token-file").pipe(Options.withDescription("The file with the token.")),
    export: Options.text("export").pipe(Options.withDescription("The export, as the status names it.")),
    plan: Options.text("plan").pipe(
      Options.withPseudoName("JSON"),
      Options.withDescription(
        "What is to go wrong from now on; {} ends all faults. Without it: drops the connections."
      ),
      Options.optional
    )
  },
  (given) =>
    Effect.gen(function*() {
      const token = yield* readToken(given.tokenFile)
      const about = { token, export: given.export }
      const plan = Option.isNone(given.plan) ?
        null :
        yield* Schema.decodeUnknown(Schema.parseJson())(given.plan.value).pipe(
          Effect.mapError(() =>
            new UserError({ message: `--plan: got ${given.plan.pipe(Option.getOrElse(() => ""))}, expected JSON` })
          ),
          Effect.tap((json) => decodeTree(FaultPlanSchema, [], treeOf(json, "--plan")))
        )
      const request = plan === null ? { ...about, command: "drop" } : { ...about, command: "faults", plan }
      const answer = yield* askControl(given.socket, request)
      yield* Console.log(JSON.stringify(answer))
      if (typeof answer === "object" && answer !== null && "error" in answer) {
        return yield* new UserError({ message: String(answer.error) })
      }
    })
).pipe(Command.withDescription("Switches the faults of an export."))

const command = (host: Host) =>
  Command.make(
    "swaplab-nbd-server",
    flags,
    (given) => Effect.flatMap(configOf(given), (checked) => serve(checked, configOf(given), host))
  ).pipe(
    Command.withDescription(
      HelpDoc.blocks([
        HelpDoc.p("Serves swap and disks over NBD. Without --listen it is reached from this machine only."),
        HelpDoc.h1("EXIT CODES"),
        ...exitCodeLines
      ])
    ),
    Command.withSubcommands([checkCommand, schemaCommand, statusCommand, faultsCommand])
  )

const layer = Layer.mergeAll(NodeContext.layer, CliConfig.layer({ showBuiltIns: false, isCaseSensitive: true }))

const say = (message: string, code: number) =>
  Effect.zipRight(Console.error(`swaplab-nbd-server: ${message}`), new ExitWith({ code }))

/** The whole command on the given arguments. */
export const main = (argv: ReadonlyArray<string>, host: Host, version: string): Effect.Effect<void, ExitWith> =>
  Command.run(command(host), { name: "swaplab-nbd-server", version })(argv).pipe(
    Effect.catchTags({
      ConfigError: ({ message }) => Effect.zipRight(Console.error(message), new ExitWith({ code: EXIT.userError })),
      UserError: ({ message }) => say(message, EXIT.userError)
    }),
    Effect.catchIf(ValidationError.isValidationError, () => new ExitWith({ code: EXIT.userError })),
    Effect.catchAllCause((cause) => {
      const failure = Option.getOrUndefined(Cause.failureOption(cause))
      if (failure instanceof ExitWith) return failure
      if (Cause.isInterruptedOnly(cause)) return new ExitWith({ code: EXIT.ok })
      return say(`a fault of the server: ${Cause.pretty(cause)}`, EXIT.ourFault)
    }),
    Effect.provide(layer)
  )
