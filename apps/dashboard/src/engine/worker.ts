// The thread of the page.
import { texts } from "../scenarios.ts"
import type { PageAnswer, PageRequest } from "./messages.ts"
import { makeThread } from "./thread.ts"

/** The part of a worker's global scope that is used here; the types of a page describe another one. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<PageRequest>) => void) | null
  postMessage(answer: PageAnswer): void
}

const scope = globalThis as unknown as WorkerScope

const receive = makeThread(texts, {
  answer: (answer) => scope.postMessage(answer),
  clock: () => performance.now(),
  soon: (call, ms) => {
    setTimeout(call, ms)
  },
  answerMs: 30,
  // there is nothing else that it is for
  answerShare: 0.5
})
scope.onmessage = ({ data }) => receive(data)
