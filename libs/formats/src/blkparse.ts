// Text of blkparse in its default form: `8,0 1 42 0.000123456 1234 D WS 2048 + 8 [kswapd0]`.
// Read: one kind of event for each device, because a request has several: D (handed to the driver) where the device has any, else
//   Q (a bio came). Sectors have 512 bytes. The name of the process is kept for counting who read and wrote.
// Not taken, and said: events of other kinds (counted by kind), requests without data, the summary at the end.
// source: blkparse(1)
import { type BlockRequest, type BlockTrace, MAX_REQUESTS, refusal } from "./block-trace.ts"
import { linesOf, type Read, UnreadLines, wholeOf } from "./read.ts"

const EVENT = /^\s*(\d+,\d+)\s+(\d+)\s+(\d+)\s+(\d+\.\d{1,9})\s+(\d+)\s+([A-Za-z]{1,2})\s+([A-Z]{1,8})\b\s*(.*)$/
const DATA = /^(\d+) \+ (\d+)\s*(?:\[(.*)\])?/
const SUMMARY = /^(CPU\d+ |Total \(|Throughput|Events \(|Skips:|\s+(Reads|Writes|Read|Write|IO|Queued|PC|Merges))/
/** A message that the kernel wrote into the trace. */
const MESSAGE = /^\s*\d+,\d+\s+\d+\s+\d+\s+\d+\.\d+\s+\d+\s+m\s/

const SECTOR = 512

/** Does the text look like that of blkparse? */
export const isBlkparse = (text: string): boolean => linesOf(text.slice(0, 4000)).some((line) => EVENT.test(line))

/** A request, and who made it. */
interface Event extends BlockRequest {
  readonly action: string
  readonly by: string
}

/** A trace of blkparse also says how many requests each process made. */
export interface BlkparseTrace extends BlockTrace {
  readonly byProcess: ReadonlyMap<string, number>
}

/** Reads the text of blkparse. */
export const readBlkparse = (text: string): Read<BlkparseTrace> => {
  const unread = new UnreadLines()
  const events: Array<Event> = []
  linesOf(text).forEach((line, i) => {
    if (line.trim() === "" || SUMMARY.test(line)) return
    if (MESSAGE.test(line)) return unread.add(i + 1, line, "a message of the kernel")
    const parts = EVENT.exec(line)
    if (parts === null) return unread.add(i + 1, line, "expected a line of blkparse's default form")
    const [, device, , , seconds, , action, rwbs, rest] = parts
    if (action !== "D" && action !== "Q") return unread.add(i + 1, line, `event ${action}: D and Q are read`)
    const data = DATA.exec(rest)
    const write = rwbs.includes("W")
    if (data === null || rwbs.includes("D") || (!write && !rwbs.includes("R"))) {
      return unread.add(i + 1, line, `${rwbs}: expected a read or a write with data`)
    }
    const sector = wholeOf(data[1])
    const sectors = wholeOf(data[2])
    const offset = sector === null ? null : sector * SECTOR
    const length = sectors === null ? null : sectors * SECTOR
    const atNs = Math.round(Number(seconds) * 1e9)
    const why = refusal(atNs, offset, length)
    if (why !== null || offset === null || length === null) return unread.add(i + 1, line, why ?? "")
    if (events.length === MAX_REQUESTS) return unread.add(i + 1, line, `more than ${MAX_REQUESTS} requests`)
    events.push({ atNs, write, offset, length, of: device, action, by: data[3] ?? "" })
  })
  const issued = new Set(events.filter(({ action }) => action === "D").map(({ of }) => of))
  const kept = events.filter(({ action, of }) => action === (issued.has(of) ? "D" : "Q"))
  const byProcess = new Map<string, number>()
  for (const { by } of kept) if (by !== "") byProcess.set(by, (byProcess.get(by) ?? 0) + 1)
  const requests = kept.map(({ atNs, length, of, offset, write }) => ({ atNs, write, offset, length, of }))
  return { value: { requests, timed: true, mostInFlight: null, byProcess }, unread: unread.all }
}
