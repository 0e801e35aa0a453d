// Commands that look into runs that were made: compare, why, shrink, proc.
import { file, flag, many, one, optional, required, text, wholeNumber } from "@swaplab/command"
import { json, lockup, out, PROC_FILES, PROC_NAME, scenario, seed, set, time, workers } from "./option-rows.ts"

const choice = {
  kernel: one(text("NAME", "a kernel of the result"), "A lockup of this kernel.", {
    without: "Without it: of the first."
  }),
  seed: one(wholeNumber(0), "A lockup of this seed."),
  client: one(text("NAME", "a client of the result"), "The lockup of this client.", {
    without: "Without it: the client that locked up first."
  })
}
const comparable = file("RESULT", "a result")

/** `swaplab compare`. */
export const COMPARE = {
  meaning: "Puts two results side by side, seed by seed: every metric, with both meanings of faster.",
  arguments: {
    a: required(
      comparable,
      "A result.json, sweep.json or map.json, or its directory; #kernel=NAME,PATH=VALUE behind it chooses."
    ),
    b: required(comparable, "What is compared with it, likewise.")
  },
  options: {
    all: flag("Shows every metric, not only those that differ."),
    guard: many(
      text("METRIC", "a metric such as elapsed"),
      "Exit code 99 where this metric is significantly worse in the second."
    ),
    json
  },
  examples: [
    ["compare out/old out/new", "two results, kernel by kernel"],
    ["compare out#kernel=slab-vanilla out#kernel=slab-series --guard elapsed", "two kernels of one result"]
  ]
} as const

/** `swaplab why`. */
export const WHY = {
  meaning:
    "Explains a lockup of a result: who waits for whom, and which patch would have saved the client; or a time-out.",
  more: ["The run is made once more and looked at closely, then with one patch after the other switched on."],
  arguments: lockup,
  options: {
    ...choice,
    before: one(time, "How long before the last progress a patch is switched on, in simulated time.", {
      without: "Without it: 100 ms."
    }),
    limit: one(time, "How long a replay goes on after that, at most, in simulated time.", {
      without: "Without it: to the scenario's duration."
    }),
    noPatches: flag("Leaves out the replays with other patches: graph and timeline only."),
    out: out("Writes graph.svg, timeline.svg, timeline.csv and why.txt to this directory."),
    workers
  },
  examples: [["why results --out why", "the first lockup of results/result.json, with pictures"]]
} as const

/** `swaplab shrink`. */
export const SHRINK = {
  meaning: "Makes the scenario of a lockup as small as it can be while its class of lockup stays.",
  arguments: lockup,
  options: {
    ...choice,
    runs: one(wholeNumber(1), "Most simulations that the search may take.", { without: "Without it: 200." }),
    out: out("Writes scenario.yaml to this directory instead of printing it."),
    workers
  },
  examples: [["shrink results > small.yaml", "the first lockup of results/result.json"]]
} as const

/** `swaplab proc`. */
export const PROC = {
  meaning: "Prints a file of /proc of a client at a time of its run, as its kernel would.",
  arguments: {
    ...scenario,
    name: optional(
      PROC_NAME,
      `The file: ${PROC_FILES}.`
    )
  },
  options: {
    client: one(text("NAME", "a client of the scenario"), "Of this client.", { without: "Without it: the first." }),
    at: one(time, "At this simulated time.", { without: "Without it: at the end of the run." }),
    kernel: one(text("NAME", "a kernel of the scenario"), "With this kernel.", {
      without: "Without it: with the first of the scenario."
    }),
    seed,
    set,
    out: out("Writes all of them to this directory as the tree that /proc is, for tools that read it.")
  },
  examples: [
    ["proc scenarios/quick.yaml zoneinfo --at 100ms", "zones and watermarks while memory is short"],
    ["proc scenarios/quick.yaml --at 100ms --out proc", "everything, as files"]
  ]
} as const
