// The table of commands and options of swaplab-nbd-server: parsing, help and completions derive from it. It loads nothing of
// the server, so that help is there at once.
import { directory, file, flag, many, one, oneOf, type Program, required, SHELLS, text } from "@swaplab/command"
import { EXIT_CODES } from "./exit-codes.ts"

const place = text("PLACE", "an address such as 127.0.0.1:10809")
const size = text("SIZE", "a size such as 512 MiB")

const serving = {
  config: one(file("FILE", "a configuration (YAML)"), "The configuration (YAML).", { letter: "c" }),
  listen: many(place, "Where to listen: 127.0.0.1:10809, [::1]:10809, unix:/path."),
  swap: one(size, "Swap for clients, such as 512 MiB: an export swap-NAME for each name, made on first use."),
  directory: one(directory("DIR", "a directory"), "Where swap is kept, one sparse file a client.", {
    without: "Without it: in memory."
  }),
  memory: one(size, "One export in memory, the default one."),
  file: one(file("PATH", "a file"), "One export from a file, the default one."),
  readOnly: flag("The file of --file cannot be written."),
  metrics: one(place, "Where /metrics, /healthz and /status are served, such as 127.0.0.1:10810.")
}

/** The table. */
export const NBD_SERVER = {
  name: "swaplab-nbd-server",
  meaning: "Serves swap and disks over NBD. Without --listen it is reached from this machine only.",
  commands: {
    "": {
      meaning: "Serves swap and disks over NBD. Without --listen it is reached from this machine only.",
      arguments: {},
      options: serving,
      examples: [
        ["--swap \"512 MiB\"", "swap in memory for every client that asks for swap-NAME"],
        ["--config nbd.yaml", "what a file says"]
      ]
    },
    check: {
      meaning:
        "Checks a configuration, and what it needs of this machine: files, directories, room, addresses. Makes nothing.",
      arguments: {},
      options: serving,
      examples: [["check --config nbd.yaml", "says what would keep the server from starting, with line and column"]]
    },
    schema: {
      meaning: "Prints the JSON Schema of configurations, for editors.",
      arguments: {},
      options: {},
      examples: [["schema > nbd.schema.json", "keeps it in a file"]]
    },
    status: {
      meaning: "Lists clients with their rates and latencies, and stores with the swap in use.",
      arguments: {},
      options: {
        metrics: one(place, "Where the server serves its probes.", { without: "Without it: 127.0.0.1:10810." }),
        json: flag("Prints the state as JSON, without rates.")
      },
      examples: [["status --metrics 127.0.0.1:10810", "of a server that was started with the same --metrics"]]
    },
    faults: {
      meaning: "Switches the faults of an export.",
      arguments: {},
      options: {
        socket: one(file("PATH", "a Unix socket"), "The control socket."),
        tokenFile: one(file("FILE", "a file"), "The file with the token."),
        export: one(text("NAME", "an export"), "The export, as the status names it."),
        plan: one(text("JSON", "a plan of faults"), "What is to go wrong from now on; {} ends all faults.", {
          without: "Without it: drops the connections."
        })
      },
      examples: [[
        "faults --socket /run/nbd/control --token-file token --export disk",
        "drops the connections of the export disk"
      ]]
    },
    completions: {
      meaning: "Prints a script that completes commands and options in a shell.",
      arguments: { shell: required(oneOf("SHELL", SHELLS), "bash, zsh or fish.") },
      options: {},
      examples: [["completions bash", "the script for bash"]]
    }
  },
  exitCodes: EXIT_CODES
} as const satisfies Program

export type Commands = typeof NBD_SERVER.commands
