// fio's iolog, versions 2 and 3: which requests a job made, to be made again.
// Read: reads and writes; times of version 3 (microseconds, as fio 3.33 writes them) and waits of version 2, which add up.
// Not taken, and said: sync, datasync and trim; a file that was not added.
// source: fio(1), TRACE FILE FORMAT; fio 3.33, iolog.c
import { type BlockRequest, type BlockTrace, MAX_REQUESTS, refusal } from "./block-trace.ts"
import { linesOf, type Read, UnreadLines, wholeOf } from "./read.ts"

const FIRST_LINE = /^fio version (\d+) iolog\s*$/

/** Is this the first line of an iolog? */
export const isIolog = (text: string): boolean => /^fio version \d+ iolog/.test(text)

const NS_PER_US = 1000

/** Reads an iolog. */
export const readIolog = (text: string): Read<BlockTrace> => {
  const unread = new UnreadLines()
  const requests: Array<BlockRequest> = []
  const [first = "", ...rest] = linesOf(text)
  const version = Number(FIRST_LINE.exec(first)?.[1] ?? 0)
  if (version !== 2 && version !== 3) {
    unread.add(1, first, "expected fio version 2 iolog or fio version 3 iolog")
    return { value: { requests, timed: false, mostInFlight: null }, unread: unread.all }
  }
  const added = new Set<string>()
  let waitedUs = 0
  let waits = 0
  rest.forEach((text, i) => {
    const words = text.trim().split(/\s+/)
    const number = i + 2
    if (words[0] === "") return
    const stamp = version === 3 ? wholeOf(words.shift() ?? "") : waitedUs
    if (stamp === null) return unread.add(number, text, "expected a time in microseconds first")
    const [file = "", action = "", offsetText = "", lengthText = ""] = words
    if (action === "add" || action === "open" || action === "close") {
      added.add(file)
      return
    }
    if (action === "wait" && version === 2) {
      const us = wholeOf(offsetText)
      if (us === null || waitedUs + us > Number.MAX_SAFE_INTEGER / NS_PER_US) {
        return unread.add(number, text, "expected microseconds to wait for")
      }
      waitedUs += us
      waits++
      return
    }
    if (action !== "read" && action !== "write") {
      return unread.add(number, text, action === "" ? "expected a file and an action" : `${action} is not replayed`)
    }
    if (!added.has(file)) return unread.add(number, text, `${file} was not added`)
    const offset = wholeOf(offsetText)
    const length = wholeOf(lengthText)
    const atNs = stamp * NS_PER_US
    const why = refusal(atNs, offset, length)
    if (why !== null || offset === null || length === null) return unread.add(number, text, why ?? "")
    if (requests.length === MAX_REQUESTS) return unread.add(number, text, `more than ${MAX_REQUESTS} requests`)
    requests.push({ atNs, write: action === "write", offset, length, of: file })
  })
  return { value: { requests, timed: version === 3 || waits > 0, mostInFlight: null }, unread: unread.all }
}

/** What a written iolog calls the device. */
const DEVICE = "/dev/nbd0"

/** Writes an iolog of version 3, with the device that fio replays to (`--replay_redirect` names another one). */
export const writeIolog = (requests: Iterable<Omit<BlockRequest, "of">>, device = DEVICE): string => {
  const lines = ["fio version 3 iolog", `0 ${device} add`, `0 ${device} open`]
  let last = 0
  for (const { atNs, length, offset, write } of requests) {
    last = Math.floor(atNs / NS_PER_US)
    lines.push(`${last} ${device} ${write ? "write" : "read"} ${offset} ${length}`)
  }
  lines.push(`${last} ${device} close`)
  return `${lines.join("\n")}\n`
}
