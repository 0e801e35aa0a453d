// Text of ftrace (the file `trace`, `trace-cmd report`) and of perf script: the requests that a block driver was given.
// Read: block_rq_issue, with its process. Of other events is said how many there were, by name.
// Not taken, and said: requests without data, lines that are no events.
// source: include/trace/events/block.h:block_rq_issue, of v3.5 up to v6
import { type BlkparseTrace } from "./blkparse.ts"
import { type BlockRequest, MAX_REQUESTS, refusal } from "./block-trace.ts"
import { linesOf, type Read, UnreadLines, wholeOf } from "./read.ts"

const EVENT = /\s(\d+\.\d{6,9}):\s+(?:\w+:)?([a-z]\w*):\s(.*)$/
const ISSUE = /^(\d+,\d+) ([A-Z]+) \d+ \([^)]*\) (\d+) \+ (\d+) (?:\S+ )?\[(.*)\]\s*$/
const SECTOR = 512

/** Does the text look like one of these? */
export const isFtrace = (text: string): boolean =>
  linesOf(text.slice(0, 4000)).some((line) => line.startsWith("# tracer:") || EVENT.test(line))

/** Reads the requests of it. */
export const readFtrace = (text: string): Read<BlkparseTrace> => {
  const unread = new UnreadLines()
  const requests: Array<BlockRequest> = []
  const byProcess = new Map<string, number>()
  const others = new Map<string, { readonly line: number; count: number }>()
  linesOf(text).forEach((line, i) => {
    if (line.trim() === "" || line.startsWith("#")) return
    const [, seconds = "", event = "", rest = ""] = EVENT.exec(line) ?? []
    if (event === "") return unread.add(i + 1, line, "expected a line of ftrace")
    if (event !== "block_rq_issue") {
      const other = others.get(event)
      if (other === undefined) others.set(event, { line: i + 1, count: 1 })
      else other.count++
      return
    }
    const [, device = "", rwbs = "", sectorText = "", sectorsText = "", by = ""] = ISSUE.exec(rest) ?? []
    const write = rwbs.includes("W")
    if (device === "" || rwbs.includes("D") || (!write && !rwbs.includes("R"))) {
      return unread.add(i + 1, line, "expected a read or a write with data")
    }
    const sector = wholeOf(sectorText)
    const sectors = wholeOf(sectorsText)
    const offset = sector === null ? null : sector * SECTOR
    const length = sectors === null ? null : sectors * SECTOR
    const atNs = Math.round(Number(seconds) * 1e9)
    const why = refusal(atNs, offset, length)
    if (why !== null || offset === null || length === null) return unread.add(i + 1, line, why ?? "")
    if (requests.length === MAX_REQUESTS) return unread.add(i + 1, line, `more than ${MAX_REQUESTS} requests`)
    requests.push({ atNs, write, offset, length, of: device })
    byProcess.set(by, (byProcess.get(by) ?? 0) + 1)
  })
  for (const [event, { count, line }] of others) {
    unread.add(line, event, `${count} of them: block_rq_issue is replayed`)
  }
  return { value: { requests, timed: true, mostInFlight: null, byProcess }, unread: unread.all }
}
