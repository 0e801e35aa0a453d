// The requests of a trace as a scenario has them: a text with a line for each.
//
//   0.000123 W 256+31      31 pages from page 256 on are written, 0.123 ms after the start
//   R 256                  a page is read as soon as the one before it could be: a line without a time
//
// Blank lines and what stands behind # count for nothing.

/** Requests as columns. */
export interface TraceRequests {
  readonly count: number
  /** Since the start of the trace; NaN: the line has no time. */
  readonly atNs: Float64Array
  readonly write: Uint8Array
  readonly page: Float64Array
  readonly pages: Int32Array
}

/** Pages of one request: 4 MiB, more than any device takes at once. */
const MAX_PAGES = 1024
/** Times end here: a day. */
const MAX_NS = 86_400e9
const MAX_PAGE = 2 ** 38

const LINE = /^(?:(\d{1,6}(?:\.\d{1,9})?)[ \t]+)?([RW])[ \t]+(\d{1,12})(?:\+(\d{1,5}))?[ \t]*(?:#.*)?$/

/** What is wrong with a line, or the requests. */
export const readRequests = (text: string): TraceRequests | { readonly line: number; readonly why: string } => {
  const lines = text.split("\n")
  const atNs = new Float64Array(lines.length)
  const write = new Uint8Array(lines.length)
  const page = new Float64Array(lines.length)
  const pages = new Int32Array(lines.length)
  let count = 0
  let last = 0
  let timed: boolean | null = null
  for (const [i, line] of lines.entries()) {
    if (/^[ \t\r]*(#.*)?$/.test(line)) continue
    const parts = LINE.exec(line.trim())
    if (parts === null) return { line: i + 1, why: "expected SECONDS R|W PAGE+PAGES such as 0.000123 W 256+8" }
    const [, seconds, direction, first, number = "1"] = parts
    const ns = seconds === undefined ? Number.NaN : Math.round(Number(seconds) * 1e9)
    if (timed !== null && timed !== (seconds !== undefined)) {
      return { line: i + 1, why: "expected a time on every line, or on none" }
    }
    timed = seconds !== undefined
    if (ns < last) return { line: i + 1, why: "expected a time that is not before that of the line before" }
    if (ns > MAX_NS) return { line: i + 1, why: "expected a time of at most a day" }
    if (Number(number) < 1 || Number(number) > MAX_PAGES) return { line: i + 1, why: "expected 1 to 1024 pages" }
    if (Number(first) > MAX_PAGE) return { line: i + 1, why: "expected a page below 2^38" }
    if (timed) last = ns
    atNs[count] = ns
    write[count] = direction === "W" ? 1 : 0
    page[count] = Number(first)
    pages[count] = Number(number)
    count++
  }
  if (count === 0) return { line: lines.length, why: "expected at least one request" }
  return { count, atNs, write, page, pages }
}

/** The page behind the last one that is read or written. */
export const pagesUsed = ({ count, page, pages }: TraceRequests): number => {
  let most = 0
  for (let i = 0; i < count; i++) most = Math.max(most, page[i] + pages[i])
  return most
}

/** Pages of the largest request. */
export const largest = ({ count, pages }: TraceRequests): number => {
  let most = 1
  for (let i = 0; i < count; i++) most = Math.max(most, pages[i])
  return most
}
