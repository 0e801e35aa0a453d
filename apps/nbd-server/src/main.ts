#!/usr/bin/env node
// The command swaplab-nbd-server.
import { main } from "./cli.ts"
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

await main(process.argv.slice(2), host, version, (code) => process.exit(code))
