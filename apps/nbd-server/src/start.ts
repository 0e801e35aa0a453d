// Runs a command of the table as the main fiber; each loads what it needs.
import type { Called, Values } from "@swaplab/command"
import { ConfigError, decodeTree, treeOf } from "@swaplab/config"
import { Cause, Console, Effect, Option, Schema } from "effect"
import type { Commands } from "./commands.ts"
import { EXIT } from "./exit-codes.ts"
import { exitCodeOf, ExitWith, UserError } from "./exit.ts"
import { isJournal, leveled } from "./ops/log.ts"
import type { Host } from "./serve.ts"

type Run<Name extends keyof Commands> = (
  values: Values<Commands[Name]>,
  host: Host
) => Effect.Effect<void, ConfigError | UserError | ExitWith>

type Started = Exclude<keyof Commands, "completions">

const load = <A>(module: () => Promise<A>): Effect.Effect<A> => Effect.promise(module)

const loadFlags = load(() => import("./flags.ts"))

const check: Run<"check"> = (values) =>
  Effect.gen(function*() {
    const { configAndTreeOf } = yield* loadFlags
    const { checkHost } = yield* load(() => import("./check/check.ts"))
    const { config, tree } = yield* configAndTreeOf(values)
    for (const warning of yield* checkHost(config, tree)) yield* Console.error(`warning: ${warning}`)
    const { exports, swap } = config
    yield* Console.log(`valid; exports: ${Object.keys(exports).length}, templates: ${Object.keys(swap).length}`)
  })

const serving: Run<""> = (values, host) =>
  Effect.gen(function*() {
    const config = (yield* loadFlags).configOf(values)
    const { serve } = yield* load(() => import("./serve.ts"))
    const file = values.config
    const again = file === undefined
      ? config
      : Effect.flatMap(
        load(() => import("./config/load.ts")),
        ({ onlyFiles }) => Effect.andThen(onlyFiles(file), config)
      )
    yield* serve(yield* config, again, host)
  })

const schema: Run<"schema"> = () =>
  Effect.flatMap(
    load(() => import("./config/schema.ts")),
    ({ configJsonSchema }) => Console.log(JSON.stringify(configJsonSchema(), null, 2))
  )

const status: Run<"status"> = ({ json, metrics }) =>
  Effect.flatMap(load(() => import("./ops/ask-status.ts")), ({ askStatus }) => askStatus(metrics, json))

const faults: Run<"faults"> = ({ export: name, plan: text, socket, tokenFile }) =>
  Effect.gen(function*() {
    const missing = Object.entries({ "--socket": socket, "--token-file": tokenFile, "--export": name })
      .filter(([, value]) => value === undefined).map(([option]) => option)
    if (socket === undefined || tokenFile === undefined || name === undefined) {
      return yield* new UserError({ message: `faults: expected ${missing.join(", ")}` })
    }
    const { askControl } = yield* load(() => import("./ops/control.ts"))
    const { readToken } = yield* load(() => import("./ops/token.ts"))
    const { FaultPlanSchema } = yield* load(() => import("./config/schema.ts"))
    const token = yield* readToken(tokenFile, "--token-file")
    const plan = text === undefined ? null : yield* Schema.decodeUnknown(Schema.parseJson())(text).pipe(
      Effect.mapError(() => new UserError({ message: `--plan: got ${text}, expected JSON` })),
      Effect.tap((json) => decodeTree(FaultPlanSchema, [], treeOf(json, "--plan")))
    )
    const about = { token, export: name }
    const answer = yield* askControl(
      socket,
      plan === null ? { ...about, command: "drop" } : { ...about, command: "faults", plan }
    )
    yield* Console.log(JSON.stringify(answer))
    if (typeof answer === "object" && answer !== null && "error" in answer) {
      return yield* new UserError({ message: String(answer.error) })
    }
  })

const COMMANDS: { readonly [Name in Started]: Run<Name> } = { "": serving, check, schema, status, faults }

/** Says why the command ends: lines of an error. */
const end = (message: string, code: number, host: Host) =>
  Effect.zipRight(
    Console.error(message.split("\n").map((line) => leveled("error", line, isJournal(host.env))).join("\n")),
    new ExitWith({ code })
  )

/** Runs a command; `ended` is called with the exit code. The server handles its signals itself: they interrupt no fiber. */
export const start = <Name extends Started>(
  called: Called<Commands, Name>,
  host: Host,
  ended: (code: number) => void
): void => {
  const run: Run<Name> = COMMANDS[called.command]
  const program = run(called.values, host).pipe(
    Effect.catchTags({
      ConfigError: ({ message }) => end(message, EXIT.userError, host),
      UserError: ({ code, message }) => end(`swaplab-nbd-server: ${message}`, code ?? EXIT.userError, host)
    }),
    Effect.catchAllCause((cause) => {
      const failure = Option.getOrUndefined(Cause.failureOption(cause))
      if (failure instanceof ExitWith) return failure
      if (Cause.isInterruptedOnly(cause)) return new ExitWith({ code: EXIT.ok })
      return end(`swaplab-nbd-server: a fault of the server: ${Cause.pretty(cause)}`, EXIT.ourFault, host)
    })
  )
  Effect.runFork(program).addObserver((exit) => ended(exitCodeOf(exit)))
}
