// Options of commands that can run against a real server. Loads nothing of the emulator: help needs it.
import { directory, file, flag, many, one, oneOf, required, text, wholeNumber } from "@swaplab/command"

/** What `--server` takes. */
export const server = one(
  text("URI", "an NBD URI such as nbd://server:10809/swap"),
  "Runs in real time against this NBD server, which stands behind a gateway at the place of the scenario's: nbd://HOST:PORT/EXPORT, "
    + "nbds:// with TLS, nbd+unix:///EXPORT?socket=PATH. All that the export holds is overwritten. With {client} in its name "
    + "each client has an export of its own."
)

/** What `--server-trace` takes. */
export const serverTrace = one(
  directory("RESULT", "a directory that run --server --out wrote"),
  "Runs again what --server did, without the server, from the trace that --out kept."
)

/** What `run --control` takes. */
export const control = one(
  text("SOCKET", "a Unix socket"),
  "Of --server: the control socket of swaplab-nbd-server, by which the faults are made that the scenario has for its server; needs "
    + "--control-token."
)

/** What `--control-token` takes. */
export const controlToken = one(file("FILE", "a file"), "Of --server: the file with the token of the control socket.")

/** Options of `swaplab soak` for a real server. */
export const soakOfServer = {
  server: one(
    text("URI", "an NBD URI such as nbd://server:10809/swap"),
    "Soaks this real NBD server instead, in real time, with the clients of a scenario: one run after the other, and every page that "
      + "comes back is checked. All that the export holds is overwritten."
  ),
  control: one(
    text("SOCKET", "a Unix socket"),
    "Of --server: the control socket of swaplab-nbd-server, by which faults are made; needs --control-token."
  ),
  controlToken,
  restartCommand: one(
    text("COMMAND", "a command of the shell"),
    "Of --server: kills the server and starts it again; the fault kill runs it, and waits until it has ended."
  ),
  faults: many(
    text("LIST", "names of faults"),
    "Of --server: only these faults, with commas between. Without it: all that can be made."
  )
}

/** The row of `swaplab load`. */
export const load = {
  meaning: "Sends the requests of emulated clients to a real NBD server at their times, as fio does with its own.",
  more: [
    "The clients are emulated first, against the modelled server; what they ask for is then sent to the real one, whatever it "
    + "does. All that the export holds is overwritten."
  ],
  arguments: { uri: required(text("URI", "an NBD URI such as nbd://server:10809/swap"), "The server: an NBD URI.") },
  options: {
    clients: one(wholeNumber(1, 1000), "How many clients.", { without: "Without it: 10." }),
    profile: one(
      oneOf("NAME", ["fat-2020", "fat-2025", "ltsp5-fat-2012", "ltsp5-thin-2012", "blade-sparse", "stream"]),
      "What they are: those of scenarios/profiles, or stream, which asks for as much as it can.",
      { without: "Without it: fat-2020." }
    ),
    for: one(text("TIME", "a time such as 60s"), "How long.", { without: "Without it: 60 s." }),
    ram: one(text("SIZE", "a size such as 512MiB"), "RAM of a client; less RAM is more swap.", {
      without: "Without it: a quarter of what such machines have."
    }),
    seed: one(wholeNumber(0), "Another seed, other people.", { without: "Without it: 1." }),
    against: many(
      text("LIST", "URIs, or model, with commas"),
      "Sends the same requests to these as well, one after the other, and shows all side by side; model is the emulated server."
    ),
    json: flag("Prints the result as JSON in the shape of fio's, and nothing else.")
  },
  examples: [
    ["load nbd://server:10809/swap --clients 40", "forty pupils, a minute"],
    ["load nbd://server/swap --profile stream --against model", "as fast as it goes, beside the model"]
  ]
} as const
