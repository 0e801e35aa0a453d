#!/usr/bin/env node
// The command swaplab-nbd-server.
import { Effect } from "effect"
import { main } from "./cli.ts"
import { teardown } from "./exit.ts"
import type { Host } from "./serve.ts"
import { version } from "./version.ts"

const host: Host = {
  env: process.env,
  pid: process.pid,
  writeLog: (line) => process.stderr.write(`${line}\n`),
  onSignal: (signal, run) => {
    process.on(signal, run)
    return () => process.off(signal, run)
  }
}

// the server handles its signals itself: no fiber is interrupted by them
Effect.runFork(main(process.argv, host, version)).addObserver((exit) => teardown(exit, (code) => process.exit(code)))
