// The thread of the page without its thread: takes what the page asks for, and makes the run, hears of that of a command, or shows a
// result.
import { Engine, type Host } from "@swaplab/live"
import { Either } from "effect"
import { openSource } from "./load.ts"
import type { Texts } from "./memory-files.ts"
import type { PageAnswer, PageRequest } from "./messages.ts"
import { type ShownRecording, showRecording } from "./recorded.ts"
import { type RemoteRequest, showRemote } from "./remote.ts"

/** What answers the page, and the time of the host. */
export interface ThreadHost extends Omit<Host, "answer"> {
  readonly answer: (answer: PageAnswer) => void
}

/** Returns what takes the requests of the page. `texts` are the scenarios that ship. */
export const makeThread = (texts: Texts, host: ThreadHost): (request: PageRequest) => void => {
  const engine = new Engine(host)
  let remote: ((request: RemoteRequest) => void) | null = null
  let shown: ShownRecording | null = null
  return (request) => {
    switch (request.kind) {
      case "load": {
        const opened = openSource(request.source, texts)
        if (Either.isRight(opened)) {
          const look = request.look === null ? null : [request.look]
          const { sampleNs, toNs } = request
          return engine.receive({ kind: "open", opened: opened.right, sampleNs, look, toNs })
        }
        engine.close()
        return host.answer({ kind: "mistake", message: opened.left })
      }
      case "connect":
        remote = showRemote(request.url, host.answer)
        return
      case "look":
        if (remote !== null) return remote(request)
        if (shown !== null) return shown.look(request.client)
        return engine.receive({ kind: "look", clients: [request.client] })
      case "show":
        shown = showRecording(request.files, host.answer)
        return
      case "choose":
        return shown?.choose(request.at)
      case "acts":
        return remote?.(request)
      case "play":
      case "pause":
        if (remote !== null) return remote(request)
        return engine.receive(request)
      case "moments":
        return engine.receive(request)
    }
  }
}
