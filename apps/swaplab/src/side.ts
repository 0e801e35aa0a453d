// One of the two processes that swaplab check-determinism compares: it makes one run, event by event, and answers what it is asked.
import { ClusterRun, EventLog, loadScenario } from "@swaplab/cluster"
import { layerFiles } from "@swaplab/config"
import { LONGEST_STRETCH } from "@swaplab/experiment"
import { Effect } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { overridesOf } from "./overrides.ts"

/** What this process is told on its command line, as JSON. */
export interface SideOptions {
  readonly file: string
  readonly set: ReadonlyArray<string>
  readonly kernel: string
  readonly seed: number
}

/** What it is asked: to go on for so many events, for a fingerprint after so many of them, or for one of them. */
export type Question = readonly ["next" | "fingerprintAfter" | "event", number]

const run = Effect.gen(function*() {
  const { file, kernel, seed, set }: SideOptions = JSON.parse(process.argv[2])
  const { scenario, workloads } = yield* loadScenario(file, yield* overridesOf({ set, seed, seeds: undefined }))
  return new ClusterRun(scenario, kernel, seed, { workloads })
})

/** Answers questions about a run. */
const answers = (of: ClusterRun) => {
  const log = new EventLog(of, LONGEST_STRETCH)
  return {
    next: (events: number) => {
      const ended = !log.fill(events)
      const { count, first } = log
      return { first, count, ended, fingerprint: log.fingerprintAfter(count), simulatedNs: of.now }
    },
    fingerprintAfter: (count: number) => log.fingerprintAfter(count),
    event: (index: number) => log.event(index)
  }
}

const ready = Effect.runPromise(Effect.provide(Effect.map(run, answers), layerFiles(fs, path)))

const reply = Effect.fn(function*([what, of]: Question) {
  const answer = yield* Effect.promise(() => ready)
  process.send?.(answer[what](of))
})

process.on("message", (question) => {
  Effect.runFork(reply(question as Question))
})
