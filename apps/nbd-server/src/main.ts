#!/usr/bin/env node
// The command swaplab-nbd-server.
import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import { main } from "./cli.ts"
import type { Host } from "./serve.ts"
import { version } from "./version.ts"

const host: Host = {
  env: process.env,
  pid: process.pid,
  writeLog: (line) => process.stderr.write(`${line}\n`),
  fork: () =>
    fork(fileURLToPath(new URL("./worker.js", import.meta.url)), [], { stdio: ["ignore", "ignore", "inherit", "ipc"] }),
  onSignal: (signal, run) => {
    process.on(signal, run)
    return () => process.off(signal, run)
  }
}

await main(process.argv.slice(2), host, version, (code) => process.exit(code))
