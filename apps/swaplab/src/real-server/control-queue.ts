// What a server is to be told at its control socket, one thing after the other, beside the run.
import type { Control, ControlRequest } from "./control.ts"

export class ControlQueue {
  /** Why something could not be done, first of all; null: all could. */
  failed: string | null = null
  #work: Promise<void> = Promise.resolve()

  /** Resolves when everything is done. */
  get done(): Promise<void> {
    return this.#work
  }

  ask(control: Control, requests: ReadonlyArray<ControlRequest>): void {
    for (const request of requests) {
      // a client that is not connected has no store that is open
      this.do(async () => {
        const refused = await control.ask(request)
        return refused === "no such export is open" ? null : refused
      }, `--control ${control.path}`)
    }
  }

  /** `what` resolves to why it failed, or null. */
  do(what: () => Promise<string | null>, by: string): void {
    this.#work = this.#work.then(what).catch((error: Error) => error.message).then((why) => {
      if (why !== null) this.failed ??= `${by}: ${why}`
    })
  }
}
