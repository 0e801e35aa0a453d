// A page trace of our own, for what no other tool writes: a line for each page that was read or written.
//
//   t,client,page,rw
//   0.000125,desk-1,42,W
//   0.000250,desk-2,7,R
//
// `t` is in seconds from the start of the trace, `client` a name without a comma, `page` the number of a page of 4096 bytes on that
// client's device, `rw` R or W. The first line is as it stands here. Lines may come in any order.
import { type BlockRequest, type BlockTrace, MAX_REQUESTS, refusal } from "./block-trace.ts"
import { linesOf, type Read, UnreadLines, wholeOf } from "./read.ts"

const HEADING = /^\uFEFF?t,client,page,rw\s*$/
const ROW = /^(\d{1,9}(?:\.\d{1,9})?),([^,]+),(\d+),([RW])\s*$/
const PAGE = 4096

/** Is it one? */
export const isPageCsv = (text: string): boolean => HEADING.test(linesOf(text.slice(0, 100))[0])

/** Reads it. */
export const readPageCsv = (text: string): Read<BlockTrace> => {
  const unread = new UnreadLines()
  const requests: Array<BlockRequest> = []
  linesOf(text).forEach((line, i) => {
    if (line.trim() === "" || (i === 0 && HEADING.test(line))) return
    const parts = ROW.exec(line)
    if (parts === null) return unread.add(i + 1, line, "expected t,client,page,rw such as 0.000125,desk-1,42,W")
    const [, seconds, of, pageText, rw] = parts
    const page = wholeOf(pageText)
    const atNs = Math.round(Number(seconds) * 1e9)
    const why = refusal(atNs, page === null ? null : page * PAGE, PAGE)
    if (why !== null || page === null) return unread.add(i + 1, line, why ?? "expected a page number")
    if (requests.length === MAX_REQUESTS) return unread.add(i + 1, line, `more than ${MAX_REQUESTS} requests`)
    requests.push({ atNs, write: rw === "W", offset: page * PAGE, length: PAGE, of })
  })
  return { value: { requests, timed: true, mostInFlight: null }, unread: unread.all }
}
