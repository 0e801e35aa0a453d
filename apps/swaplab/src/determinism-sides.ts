// The two ways in which swaplab check-determinism makes the same runs: processes of their own, of one or two versions of Node.
import type { ComparedRun, Stretch } from "@swaplab/experiment"
import { Data, Effect, Queue, type Scope } from "effect"
import { execFile, fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import { UsageError } from "./exit.ts"
import type { Question, SideOptions } from "./side.ts"

/** A way to run. */
export interface Way {
  /** The Node, and what it calls itself: `v20.19.0`. */
  readonly node: string
  readonly version: string
  readonly workers: number
}

/** A process has ended before it should. */
export class SideLost extends Data.TaggedError("SideLost")<{ readonly message: string }> {}

/** Most bytes of a result that are read. */
const MAX_BYTES = 2 ** 30

interface Output {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end; fails where it cannot be started or is ended by a signal. */
const outputOf = (program: string, args: ReadonlyArray<string>): Effect.Effect<Output, SideLost> =>
  Effect.tryPromise({
    try: (signal) =>
      new Promise<Output>((resolve, reject) => {
        execFile(program, [...args], { maxBuffer: MAX_BYTES, signal }, (error, stdout, stderr) => {
          const code = error === null ? 0 : error.code
          if (typeof code === "number") resolve({ code, stdout, stderr })
          else reject(error)
        })
      }),
    catch: (error) => new SideLost({ message: error instanceof Error ? error.message : String(error) })
  })

/** What a Node calls itself. A mistake: it is none that starts. */
export const versionOf = (node: string): Effect.Effect<string, UsageError> =>
  outputOf(node, ["--version"]).pipe(
    Effect.map(({ stdout }) => stdout.trim()),
    Effect.filterOrFail((text) => /^v\d+\./.test(text), () => new SideLost({ message: "" })),
    Effect.mapError(() =>
      new UsageError({ message: `--node ${node}: expected a program that is Node, such as /usr/bin/node` })
    )
  )

/** The result of `swaplab run … --json`, with the command that lies beside the module `worker`. */
export const resultOf = (
  { node, workers }: Way,
  worker: URL,
  args: ReadonlyArray<string>
): Effect.Effect<unknown, SideLost> =>
  Effect.gen(function*() {
    const main = fileURLToPath(new URL("main.js", worker))
    const { code, stderr, stdout } = yield* outputOf(node, [main, "run", ...args, "--json", "--workers", `${workers}`])
    return yield* Effect.try({
      try: (): unknown => JSON.parse(stdout),
      catch: () => new SideLost({ message: `swaplab run ended with exit code ${code}: ${stderr.trim()}` })
    })
  })

/** What comes back from a process: an answer, or that it has ended. */
type Answer = { readonly answer: unknown } | { readonly ended: string }

/** A run in a process of its own, which ends with the scope. */
export const runIn = (
  { node }: Way,
  worker: URL,
  options: SideOptions
): Effect.Effect<ComparedRun<SideLost>, never, Scope.Scope> =>
  Effect.gen(function*() {
    const answers = yield* Queue.unbounded<Answer>()
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => fork(fileURLToPath(new URL("side.js", worker)), [JSON.stringify(options)], { execPath: node })),
      (process) => Effect.sync(() => process.kill())
    )
    child.on("message", (answer) => answers.unsafeOffer({ answer }))
    child.on("error", ({ message }) => answers.unsafeOffer({ ended: message }))
    child.on("exit", (code) => answers.unsafeOffer({ ended: `ended with exit code ${code}` }))
    /** One question after the other. */
    const ask = <A>(question: Question): Effect.Effect<A, SideLost> =>
      Effect.gen(function*() {
        child.send(question)
        const back = yield* Queue.take(answers)
        return "answer" in back
          ? back.answer as A
          : yield* new SideLost({ message: `the process of ${options.kernel}, seed ${options.seed}: ${back.ended}` })
      })
    return {
      next: (events) => ask<Stretch>(["next", events]),
      fingerprintAfter: (count) => ask(["fingerprintAfter", count]),
      event: (index) => ask(["event", index])
    }
  })
