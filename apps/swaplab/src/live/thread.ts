// The thread of a run that is looked at: an engine that answers the thread of the command.
import type { RunHooks } from "@swaplab/cluster"
import { Board, packResult } from "@swaplab/experiment"
import { Engine } from "@swaplab/live"
import { nodeMetrics } from "@swaplab/report"
import type { MessagePort } from "node:worker_threads"
import { threadCpuSeconds } from "../cpu-time.ts"
import type { ThreadAnswer, ThreadRequest } from "./messages.ts"

/** Milliseconds between two answers: a page shows no more. */
const ANSWER_MS = 50

/** To be looked at is to cost a run little. */
const ANSWER_SHARE = 0.02

/** How often it is looked whether a run that is kept is to stop. */
const LOOK_MS = 100

/** Waits for requests and answers them. */
export const runThread = (port: MessagePort): void => {
  /** Of the run that is kept; null: none is. */
  let kept: RunHooks | null = null

  const tell = (answer: ThreadAnswer): void => port.postMessage(answer)

  const engine = new Engine({
    answer: (answer) => {
      tell(answer)
      if (answer.kind === "rows" && answer.ended !== null) finish()
    },
    clock: () => performance.now(),
    soon: (call, ms) => {
      if (ms === 0) setImmediate(call)
      else setTimeout(call, ms)
    },
    answerMs: ANSWER_MS,
    answerShare: ANSWER_SHARE
  })

  const finish = (): void => {
    const { session } = engine
    if (kept === null || session === null || session.result === null) return
    const packed = packResult({ ...session.result, cpuSeconds: kept.cpuSeconds() })
    kept = null
    tell({ kind: "result", packed })
  }

  setInterval(() => {
    const { session } = engine
    if (kept === null || session === null) return
    kept.progress({
      simulatedNs: session.nowNs,
      events: session.events,
      clientsAlive: session.alive,
      clients: session.facts.clients.length
    })
    if (!kept.shouldStop()) return
    session.stop()
    finish()
  }, LOOK_MS).unref()

  port.on("message", (request: ThreadRequest) => {
    if (request.kind === "metrics") {
      const { session } = engine
      return tell({ kind: "metrics", text: session === null ? "" : nodeMetrics(session.run) })
    }
    if (request.kind !== "keep") return engine.receive(request)
    const { board, job, opened, sampleNs } = request
    kept = new Board(board).hooks(job, threadCpuSeconds)
    engine.receive({ kind: "open", opened, sampleNs, look: [] })
    engine.receive({
      kind: "play",
      fromNs: 0,
      toNs: opened.scenario.duration,
      speed: Number.POSITIVE_INFINITY,
      sampleNs,
      fresh: false
    })
  })
}
