// The thread of the engine.
import { texts } from "../scenarios.ts"
import { Engine } from "./engine.ts"
import type { Answer, Request } from "./protocol.ts"

/** The part of a worker's global scope that is used here; the types of a page describe another one. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<Request>) => void) | null
  postMessage(answer: Answer, transfer: ReadonlyArray<ArrayBufferLike>): void
}

const scope = globalThis as unknown as WorkerScope

const engine = new Engine(texts, {
  answer: (answer, transfer) => scope.postMessage(answer, transfer),
  clock: () => performance.now(),
  soon: (call, ms) => {
    setTimeout(call, ms)
  }
})
scope.onmessage = ({ data }) => engine.receive(data)
