#!/usr/bin/env node
// The command swaplab.
import { main } from "./cli.ts"
import { version } from "./version.ts"

// a reader that closes the pipe early, such as head, is no fault
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0)
  throw error
})

await main(process.argv.slice(2), new URL("./worker.js", import.meta.url), version)
