// A process that serves exports, as the one sees it that started it: what was sent and not answered yet, and the connections
// that it has.
import { Effect } from "effect"
import type { ChildProcess } from "node:child_process"
import type { GivenAway } from "../net/elsewhere.ts"
import { stopReading } from "../net/wire.ts"
import type { Switched, SwitchedAnswer } from "../ops/operated.ts"
import type { Report } from "../ops/report.ts"
import type { FromMember, ToMember } from "./messages.ts"

/** A connection that it serves. */
interface Given {
  readonly attached: () => void
  readonly ended: () => void
}

export interface MemberEvents {
  readonly ready: (usedBytes: number) => void
  readonly failed: (message: string) => void
  readonly want: (bytes: number) => void
  readonly used: (bytes: number) => void
  /** It is gone, and its connections with it. */
  readonly exited: (how: string) => void
}

export class MemberProcess {
  readonly #child: ChildProcess
  readonly #events: MemberEvents
  readonly #given = new Map<number, Given>()
  /** Questions without an answer; null is the answer of a process that is gone, or starts. */
  readonly #asked = new Map<number, (answer: FromMember | null) => void>()
  readonly #reloads: Array<(error: string | null) => void> = []
  readonly #waiting: Array<() => void> = []
  #nextId = 0
  #ready = false
  #gone = false

  constructor(child: ChildProcess, events: MemberEvents) {
    this.#child = child
    this.#events = events
    child.on("message", (message) => this.#told(message as FromMember))
    child.on("error", (error) => this.#exit(error.message))
    child.on("exit", (code, signal) => this.#exit(signal ?? `exit code ${code}`))
  }

  get connections(): number {
    return this.#given.size
  }

  tell(message: ToMember): void {
    // one that is gone has told so, or will
    if (!this.#gone) this.#child.send(message, () => {})
  }

  /** Ends when it is gone. */
  get ended(): Effect.Effect<void> {
    return Effect.async((resume) => {
      if (this.#gone) return resume(Effect.void)
      this.#waiting.push(() => resume(Effect.void))
    })
  }

  kill(): void {
    this.#child.kill("SIGKILL")
  }

  /** Gives it a connection; ends when that has ended. */
  give({ address, handshake, socket }: GivenAway, attached: () => void): Effect.Effect<void> {
    return Effect.async((resume) => {
      const id = this.#nextId++
      this.#given.set(id, { attached, ended: () => resume(Effect.void) })
      // what the client sends from now on is left in the kernel
      if (this.#gone || !stopReading(socket)) return this.#ended(id)
      this.#child.send({ kind: "connection", id, arriving: { address, handshake } }, socket, (error) => {
        if (error !== null) this.#ended(id)
      })
    })
  }

  get report(): Effect.Effect<Report | null> {
    return Effect.map(
      this.#ask((id) => ({ kind: "report", id })),
      (answer) => answer?.kind === "reported" ? answer.report : null
    )
  }

  switch(what: Switched): Effect.Effect<SwitchedAnswer | null> {
    return Effect.map(
      this.#ask((id) => ({ kind: "switch", id, what })),
      (answer) => answer?.kind === "switched" ? answer.answer : null
    )
  }

  /** Null, or why it has kept its configuration. One that is gone starts with the next. */
  reload(message: Extract<ToMember, { readonly kind: "reload" }>): Effect.Effect<string | null> {
    return Effect.async((resume) => {
      if (this.#gone) return resume(Effect.succeed(null))
      this.#reloads.push((error) => resume(Effect.succeed(error)))
      this.tell(message)
    })
  }

  #ask(question: (id: number) => ToMember): Effect.Effect<FromMember | null> {
    return Effect.async((resume) => {
      // one that starts has nothing to tell yet
      if (this.#gone || !this.#ready) return resume(Effect.succeed(null))
      const id = this.#nextId++
      this.#asked.set(id, (answer) => resume(Effect.succeed(answer)))
      this.tell(question(id))
    })
  }

  #told(message: FromMember): void {
    switch (message.kind) {
      case "ready":
        this.#ready = true
        return this.#events.ready(message.usedBytes)
      case "failed":
        return this.#events.failed(message.message)
      case "attached":
        return this.#given.get(message.id)?.attached()
      case "ended":
        return this.#ended(message.id)
      case "reloaded":
        return this.#reloads.shift()?.(message.error)
      case "reported":
      case "switched": {
        const answered = this.#asked.get(message.id)
        this.#asked.delete(message.id)
        return answered?.(message)
      }
      case "want":
        return this.#events.want(message.bytes)
      case "used":
        return this.#events.used(message.bytes)
    }
  }

  #ended(id: number): void {
    const given = this.#given.get(id)
    this.#given.delete(id)
    given?.ended()
  }

  #exit(how: string): void {
    if (this.#gone) return
    this.#gone = true
    for (const id of this.#given.keys()) this.#ended(id)
    for (const answered of this.#asked.values()) answered(null)
    this.#asked.clear()
    for (const reloaded of this.#reloads.splice(0)) reloaded(null)
    for (const wake of this.#waiting.splice(0)) wake()
    this.#events.exited(how)
  }
}
