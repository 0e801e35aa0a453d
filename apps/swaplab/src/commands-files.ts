// Commands about files and the program itself.
import { file, flag, many, one, oneOf, optional, required, several, SHELLS, text } from "@swaplab/command"
import { EXPORT_FORMATS, EXPORT_NAMES } from "./export-formats.ts"
import { IMPORTED } from "./import-forms.ts"
import { scenario, seed, set, time } from "./option-rows.ts"

/** `swaplab import`. */
export const IMPORT = {
  meaning: "Makes a scenario of files that people have: dumps of a machine, a room's configuration, traces.",
  more: [
    `Reads ${IMPORTED}. Several files make one scenario: the memory of a machine is that of the clients of a room, or of the `
    + "client of a trace. What was assumed, and every line that was not understood, is listed."
  ],
  arguments: { files: several(file("FILE", "a file"), "A file; which form it has is seen from its content.") },
  options: {
    as: one(
      oneOf("WHAT", ["scenario", "nbd-server"]),
      "scenario, or nbd-server: of a config of nbd-server, a configuration of swaplab-nbd-server.",
      { without: "Without it: scenario." }
    ),
    out: one(file("FILE", "a file"), "Writes it to this file, and the report on standard output.", {
      without: "Without it: on standard output, and the report on standard error."
    })
  },
  examples: [
    ["import dmesg.txt --out my-client.yaml", "the machine of a page allocation failure, beside ours"],
    ["import /proc/zoneinfo /proc/meminfo --out here.yaml", "this machine"],
    ["import capture.pcapng --out replayed.yaml", "the swap of real clients, replayed"],
    ["import nbd-server.conf --as nbd-server --out swaplab.yaml", "for swaplab-nbd-server"]
  ]
} as const

/** `swaplab export`. */
export const EXPORT = {
  meaning: "Prints a run or a result in a form that other tools open.",
  arguments: {
    file: required(file("FILE", "a scenario or a result"), "A scenario (YAML), which is run; for junit a result.")
  },
  options: {
    as: one(
      oneOf("FORMAT", EXPORT_NAMES),
      Object.entries(EXPORT_FORMATS).map(([name, { meaning }]) => `${name}: ${meaning}`).join(" ")
    ),
    link: one(
      text("CABLE", "a cable such as client-1/eth0"),
      "The cable that pcapng and iolog record: MACHINE/eth0 as that machine sees it, or the name of an uplink."
    ),
    client: one(text("NAME", "a client"), "The client whose tracepoints ftrace records.", {
      without: "Without it: the first."
    }),
    event: many(
      text("NAME", "a tracepoint or a subsystem"),
      "A tracepoint that ftrace records, or vmscan, kmem, block or writeback: all of that subsystem.",
      { without: "Without it: every tracepoint." }
    ),
    until: one(time, "Runs to this simulated time.", { without: "Without it: to the end of the run." }),
    kernel: one(text("NAME", "a kernel of the scenario"), "With this kernel.", {
      without: "Without it: with the first of the scenario."
    }),
    seed,
    set
  },
  examples: [
    ["export scenarios/quick.yaml --as trace --until 200ms > quick.json", "who slept on what, for Perfetto"],
    ["export scenarios/quick.yaml --as pcapng --link server/eth0 > q.pcapng", "its traffic, for Wireshark"],
    ["export scenarios/quick.yaml --as ftrace --event vmscan > trace.txt", "reclaim, for scripts that read ftrace"],
    ["export results --as junit > junit.xml", "a result as tests of a build"]
  ]
} as const

/** `swaplab validate`. */
export const VALIDATE = {
  meaning: "Checks a scenario without running it.",
  arguments: scenario,
  options: { set },
  examples: [["validate my.yaml", "says what it consists of and which settings have no effect"]]
} as const

/** `swaplab patches`. */
export const PATCHES = {
  meaning: "Lists the patches and bases that kernels are made of, and what is not verified.",
  arguments: {
    kernel: optional(
      text("KERNEL", "a kernel such as v3.6"),
      "Only the patches of this kernel: v3.6, or \"v3.6 - nbd-memalloc + readahead-plug\"."
    )
  },
  options: {
    scenario: one(
      file("FILE", "a scenario (YAML)"),
      "Which patches in the kernels of this scenario change nothing there, and why."
    ),
    json: flag("Prints JSON and nothing else.")
  },
  examples: [
    ["patches v9", "the patches of one base"],
    ["patches --scenario scenarios/quick.yaml", "which of them do nothing with its cards"]
  ]
} as const

/** `swaplab schema`. */
export const SCHEMA = {
  meaning: "Prints the JSON Schema of scenario files, for editors.",
  arguments: {},
  options: {},
  examples: [["schema > scenario.schema.json", "for the first line of a file, $schema: ./scenario.schema.json"]]
} as const

/** `swaplab completions`. */
export const COMPLETIONS = {
  meaning: "Prints a script that makes a shell complete commands, options and files.",
  arguments: { shell: required(oneOf("SHELL", SHELLS), "bash, zsh or fish.") },
  options: {},
  examples: [["completions bash >> ~/.bashrc", "in bash; docs/reference/command.md says how in zsh and fish"]]
} as const
