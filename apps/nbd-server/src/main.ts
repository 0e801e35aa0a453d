// The command swaplab-nbd-server: starts run-command.ts.
import { join } from "node:path"
import { startProgram } from "./kept-code.ts"

startProgram(join(import.meta.dirname, "run-command.cjs"), process.env)
