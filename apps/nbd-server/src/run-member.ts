// A process that serves exports for another one, as a program of the bundle.
import { Effect } from "effect"
import type { Socket } from "node:net"
import type { KeepCode } from "./kept-code.ts"
import { Member } from "./processes/member.ts"
import type { FromMember, ToMember } from "./processes/messages.ts"

/** Serves what the process that started this one tells it to. */
export const run = (keepCode: KeepCode): void => {
  const member = new Member({
    env: process.env,
    keepCode,
    writeLog: (line) => process.stderr.write(`${line}\n`),
    tell: (message: FromMember) => {
      // nobody listens any more: it is about to stop
      if (process.connected) process.send?.(message, undefined, undefined, () => {})
    }
  })

  const end = (): void => process.exit(0)

  process.on("message", (message: ToMember, socket?: Socket) => {
    if (message.kind !== "start") return member.told(message, socket)
    Effect.runPromise(member.run(message)).then(end, (fault: unknown) => {
      process.stderr.write(`${String(fault)}\n`)
      process.exit(1)
    })
  })
  // a signal to the whole group comes here, too: what to do is said by the process that lets clients in
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => {})
  process.on("disconnect", () => member.stop())
}
