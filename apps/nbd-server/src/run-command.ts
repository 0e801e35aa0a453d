// The command swaplab-nbd-server as a program of the bundle.
import { fork } from "node:child_process"
import { join } from "node:path"
import { main } from "./cli.ts"
import type { KeepCode } from "./kept-code.ts"
import type { Host } from "./serve.ts"
import { version } from "./version.ts"

/** Runs it on the words of this process. */
export const run = (keepCode: KeepCode): void => {
  const host: Host = {
    env: process.env,
    pid: process.pid,
    keepCode,
    writeLog: (line) => process.stderr.write(`${line}\n`),
    fork: () => fork(join(import.meta.dirname, "worker.cjs"), [], { stdio: ["ignore", "ignore", "inherit", "ipc"] }),
    onSignal: (signal, run) => {
      process.on(signal, run)
      return () => process.off(signal, run)
    }
  }
  void main(process.argv.slice(2), host, version, (code) => process.exit(code))
}
