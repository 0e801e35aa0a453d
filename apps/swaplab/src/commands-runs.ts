// Commands that make runs of one scenario: run, serve and soak.
import { file, flag, many, one, optional, text, wholeNumber } from "@swaplab/command"
import {
  fresh,
  json,
  manyMachines,
  out,
  report,
  scenario,
  seed,
  seeds,
  set,
  SHRINK,
  time,
  workers
} from "./option-rows.ts"
import { control, controlToken, server, serverTrace, soakOfServer } from "./real-server/options.ts"

/** Where a page is served without --port. */
export const SERVE_PORT = 8420
const port = one(wholeNumber(0, 65_535), "Serves at this port; 0: at any that is free.", {
  without: `Without it: ${SERVE_PORT}.`
})

/** `swaplab run`. */
export const RUN = {
  meaning: "Runs a scenario: each of its kernels with each of its seeds.",
  arguments: scenario,
  options: {
    seed,
    seeds,
    kernel: many(text("NAME", "a kernel of the scenario"), "Runs this kernel of the scenario only."),
    set,
    json,
    out: out(
      "Writes result.json, series.msgpack, series.csv, report.txt and room.svg (the first run as a chart) to this directory, "
        + "and each run at once."
    ),
    report,
    fresh,
    workers,
    server,
    serverTrace,
    control,
    controlToken,
    watch: flag("Makes the runs one after the other, and serves a page on this machine that shows them meanwhile."),
    port,
    noMap: flag("Leaves out the map of outcomes, where the scenario has one.")
  },
  examples: [
    ["run scenarios/quick.yaml", "one small run"],
    ["run scenarios/quick.yaml --seeds 20 --out results", "twenty runs, kept as they end; the same again goes on"],
    ["run scenarios/quick.yaml --report quick.html", "the report as a page for a browser"],
    ["run scenarios/quick.yaml --set clients.0.ram=64MiB --json", "with more memory, for another program"],
    ["run scenarios/seed-2012.yaml --watch", "the same result, and a page that shows how it comes about"]
  ]
} as const

/** `swaplab serve`. */
export const SERVE = {
  meaning: "Serves a page that shows a run while it goes on, with hands on.",
  arguments: scenario,
  options: {
    kernel: one(text("NAME", "a kernel of the scenario"), "With this kernel.", {
      without: "Without it: with the first of the scenario."
    }),
    seed,
    set,
    port,
    address: one(
      text("ADDRESS", "an address of this machine"),
      "Serves at this address. One that others reach needs --token-file.",
      { without: "Without it: 127.0.0.1, which nobody else reaches." }
    ),
    tokenFile: one(
      file("FILE", "a file with a token"),
      "Lets in only who has the token of this file: by ?token=… in the address, or as Authorization: Bearer."
    )
  },
  examples: [
    ["serve scenarios/quick.yaml", "then open the address that it prints"],
    [
      "serve scenarios/quick.yaml --address 0.0.0.0 --token-file token",
      "for others, too; openssl rand -hex 16 > token makes one"
    ]
  ]
} as const

/** `swaplab soak`. */
export const SOAK = {
  meaning: "Runs one troubled classroom after the other, drawn from seeds, and groups what goes wrong.",
  more: [
    "Each run has two halves: trouble, then all faults end and progress is demanded. Laws and invariants are checked throughout; "
    + "docs/reference/soak.md says what is drawn."
  ],
  arguments: {
    file: optional(
      file("FILE", "a soak test or a scenario (YAML)"),
      "What the swarm is narrowed to, and which findings are expected; or a scenario with one kernel, run with one seed after the "
        + "other. Without it: everything."
    )
  },
  options: {
    for: one(time, "Goes on for this much time of the clock, such as 1h."),
    runs: one(wholeNumber(1), "So many runs.", { without: "Without it, and without the others: 100." }),
    clientHours: one(wholeNumber(1), "So many client-hours of a scenario, over as many seeds as that takes."),
    untilFailure: flag("Ends with the first unexpected finding."),
    canary: flag("One run in a hundred fails by design: shows that the alarm works."),
    seed: one(wholeNumber(0), "The first seed; the others follow.", { without: "Without it: 1." }),
    shrink: SHRINK,
    draw: flag("Prints the scenario of the first seed instead of running anything."),
    ...soakOfServer,
    json,
    out: out(
      "Writes soak.json, report.txt and failures/, a folder for each signature, to this directory, and each run at once."
    ),
    fresh,
    workers,
    ...manyMachines
  },
  examples: [
    ["soak --runs 200", "two hundred runs of everything"],
    ["soak --for 1h --out soak", "an hour; the same again goes on"],
    ["soak --draw --seed 17 > 17.yaml", "a drawn scenario, for swaplab run"]
  ]
} as const
