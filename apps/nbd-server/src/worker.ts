// What a process starts with that serves exports for another one, which started it.
import { Effect } from "effect"
import type { Socket } from "node:net"
import { Member } from "./processes/member.ts"
import type { FromMember, ToMember } from "./processes/messages.ts"

const member = new Member({
  env: process.env,
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
