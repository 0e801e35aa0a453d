#!/usr/bin/env node
// The command swaplab.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { main } from "./cli.ts"
import { teardown } from "./exit.ts"
import { version } from "./version.ts"

// a reader that closes the pipe early, such as head, is no fault
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0)
  throw error
})

NodeRuntime.runMain(main(process.argv, new URL("./worker.js", import.meta.url), version), {
  disableErrorReporting: true,
  teardown
})
