// The rows of the commands that make runs again: to see that they are the same, or to change something on the way.
import { file, many, one, optional, text, wholeNumber } from "@swaplab/command"
import {
  json,
  lockup,
  MAX_WORKERS,
  out,
  PROC_FILES,
  PROC_NAME,
  scenario,
  seed,
  seeds,
  set,
  time
} from "./option-rows.ts"

export const CHECK_DETERMINISM = {
  meaning: "Makes the runs of a scenario twice and compares them: other process, other workers, other Node.",
  more: [
    "A run that differs is made once more in both ways, event by event, up to the first event that is not the same."
  ],
  arguments: scenario,
  options: {
    node: one(file("PATH", "a program that is Node"), "The Node of the second way.", {
      without: "Without it: the one that runs the command."
    }),
    workers: one(wholeNumber(1, MAX_WORKERS), "Worker threads of the second way; the first has one.", {
      without: "Without it: one a core, at least two."
    }),
    seed,
    seeds,
    kernel: many(text("NAME", "a kernel of the scenario"), "Runs this kernel of the scenario only."),
    set,
    json
  },
  examples: [
    ["check-determinism scenarios/quick.yaml", "two processes, one worker and several"],
    ["check-determinism scenarios/quick.yaml --node /opt/node24/bin/node", "and another version of Node"]
  ]
} as const

export const REPLAY = {
  meaning: "Makes a run of a result again up to a time, looks at it there, and goes on with something changed.",
  more: [
    "Without a change it stops there and prints files of /proc. With one it goes on to the end and says what differs from the "
    + "outcome that was recorded."
  ],
  arguments: {
    ...lockup,
    name: optional(PROC_NAME, `A file of /proc to print there: ${PROC_FILES}.`)
  },
  options: {
    at: one(time, "The simulated time.", { without: "Without it: the end of the run." }),
    set: many(
      text("PATH=VALUE", "a path and a value such as kernels.a.patches.throttle=true"),
      "Changes a patch of a kernel or a sysctl of a group of clients from then on; PATH is that of the scenario's file."
    ),
    fault: many(
      text("FAULT", "a fault such as {what: down, where: client-1, for: 2 s}"),
      "One more entry of faults, which begins then. Its keys are those of the scenario's file, without at."
    ),
    kernel: one(text("NAME", "a kernel of the result"), "A run with this kernel.", {
      without: "Without it: with the first."
    }),
    seed: one(wholeNumber(0), "The run of this seed.", { without: "Without it: the first." }),
    client: one(text("NAME", "a client of the result"), "Files of /proc of this client.", {
      without: "Without it: of the first."
    }),
    json,
    out: out("Writes all files of /proc at that time, and with a change replay.txt, to this directory.")
  },
  examples: [
    ["replay results meminfo --at 12.5s", "memory at 12.5 s of the first run"],
    ["replay results --at 2s --set kernels.slab.patches.throttle=true", "with one patch more"]
  ]
} as const
