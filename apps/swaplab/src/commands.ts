// The table of commands and options: what the command line takes, its help, its completions and the tables of
// docs/reference/command.md. It loads nothing of the emulator, so that help is there at once.
import type { Program } from "@swaplab/command"
import type { EXIT } from "@swaplab/experiment"
import { CHECK_DETERMINISM, REPLAY } from "./commands-again.ts"
import { COMPLETIONS, EXPORT, IMPORT, PATCHES, SCHEMA, VALIDATE } from "./commands-files.ts"
import { COMPARE, PROC, SHRINK, WHY } from "./commands-look.ts"
import { RUN, SERVE, SOAK } from "./commands-runs.ts"
import { ABLATE, CAPACITY, MAP, SENSITIVITY, SWEEP } from "./commands-studies.ts"
import { WORKER } from "./many-machines/options.ts"
import { load } from "./real-server/options.ts"

/** The table. */
export const SWAPLAB = {
  name: "swaplab",
  meaning: "Emulates clusters of diskless Linux machines that swap over NBD to a shared server.",
  commands: {
    run: RUN,
    serve: SERVE,
    ablate: ABLATE,
    map: MAP,
    sweep: SWEEP,
    capacity: CAPACITY,
    soak: SOAK,
    worker: WORKER,
    load,
    compare: COMPARE,
    sensitivity: SENSITIVITY,
    "check-determinism": CHECK_DETERMINISM,
    replay: REPLAY,
    why: WHY,
    shrink: SHRINK,
    proc: PROC,
    import: IMPORT,
    export: EXPORT,
    validate: VALIDATE,
    patches: PATCHES,
    schema: SCHEMA,
    completions: COMPLETIONS
  },
  exitCodes: [
    [0 satisfies typeof EXIT.ok, "everything went as the scenario expects"],
    [1 satisfies typeof EXIT.ourFault, "a fault of swaplab: an assertion, a broken law, a lost run"],
    [2 satisfies typeof EXIT.userError, "a mistake in a scenario, an option or a path"],
    [97 satisfies typeof EXIT.behind, "not judged: the host could not keep up with a run in real time"],
    [98 satisfies typeof EXIT.lockup, "a lockup where the scenario expects none"],
    [99 satisfies typeof EXIT.threshold, "a threshold missed, or another outcome than the expected one"],
    [130 satisfies typeof EXIT.interrupted, "interrupted; what was measured until then is shown and written"]
  ]
} as const satisfies Program

/** The commands by name. */
export type Commands = typeof SWAPLAB.commands
