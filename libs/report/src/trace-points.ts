// What a trace takes from the tracepoints of machines: how much they allocate, and the requests of their block devices.
import type { ClusterRun } from "@swaplab/cluster"

/** A request of a block device, from block_rq_issue to block_rq_complete. */
interface BlockRequest {
  /** "read" or "write". */
  readonly name: string
  readonly group: number
  readonly beganNs: number
  readonly endedNs: number
  readonly device: string
  readonly sector: number
  readonly sectors: number
  /** As the tracepoint counts them; null: the trace ends before the request. */
  readonly errors: number | null
}

type Begun = Omit<BlockRequest, "endedNs" | "errors">

/** Switches the tracepoints on, and hears of them. `onRequest` is called when a request ends. */
export class TracePoints {
  readonly #run: ClusterRun
  readonly #onRequest: (request: BlockRequest) => void
  /** Pages that each machine has allocated, and allocations that failed, since they were taken. */
  readonly #pages = new Map<number, number>()
  readonly #failed = new Map<number, number>()
  readonly #underWay = new Map<string, Begun>()

  constructor(run: ClusterRun, onRequest: (request: BlockRequest) => void) {
    this.#run = run
    this.#onRequest = onRequest
    const { trace } = run.cluster.sim
    trace.enableOnly(["mm_page_alloc", "block_rq_issue", "block_rq_complete"])
    trace.sink = ({ fields, name }, timeNs, group, values) => {
      if (name === "mm_page_alloc") {
        // a failed request has no page
        if (values[0] < 0) add(this.#failed, group, 1)
        else add(this.#pages, group, 1 << values[fields.indexOf("order")])
      } else this.#request(name === "block_rq_issue", timeNs, group, values)
    }
  }

  takeAllocations(group: number): { readonly pages: number; readonly failed: number } {
    const taken = { pages: this.#pages.get(group) ?? 0, failed: this.#failed.get(group) ?? 0 }
    this.#pages.delete(group)
    this.#failed.delete(group)
    return taken
  }

  /** Requests that are under way when the trace ends. */
  close(): void {
    for (const begun of this.#underWay.values()) this.#onRequest({ ...begun, endedNs: this.#run.now, errors: null })
  }

  #request(issued: boolean, timeNs: number, group: number, values: ArrayLike<number>): void {
    const [major, minor, rwbs, sector, sectors, errors] = Array.from(values)
    const name = (rwbs & 1) === 0 ? "read" : "write"
    const device = `${major}:${minor}`
    const key = `${group} ${device} ${name} ${sector}`
    if (issued) {
      this.#underWay.set(key, { name, group, beganNs: timeNs, device, sector, sectors })
      return
    }
    const begun = this.#underWay.get(key)
    this.#underWay.delete(key)
    // one that was begun before the trace has no beginning in it
    if (begun !== undefined) this.#onRequest({ ...begun, endedNs: timeNs, errors })
  }
}

const add = (to: Map<number, number>, group: number, n: number): void => {
  to.set(group, (to.get(group) ?? 0) + n)
}
