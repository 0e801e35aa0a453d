// What a process starts with that serves exports for another one, which started it: starts run-member.ts.
import { join } from "node:path"
import { startProgram } from "./kept-code.ts"

startProgram(join(import.meta.dirname, "run-member.cjs"), process.env)
