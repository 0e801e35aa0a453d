// Text of nbd-trdump: the transaction log of nbd-server, readable.
// Read: reads and writes, and from requests and replies how many were under way. There is no time in it, and nothing says which
//   connection a request came over: a log of several clients is one sequence.
// Not taken, and said: flush, trim, cache, write zeroes, block status, disconnect.
// source: nbd-trdump.c of NBD 3.24
import { type BlockRequest, type BlockTrace, MAX_REQUESTS, refusal } from "./block-trace.ts"
import { linesOf, type Read, UnreadLines } from "./read.ts"

const REQUEST = /^> H=([0-9a-f]{16}) C=0x([0-9a-f]{8}) \(\s*(\S*?)\+\s*(\w+)\) O=([0-9a-f]{16}) L=([0-9a-f]{8})\s*$/
const REPLY = /^<S?: ?H=([0-9a-f]{16})|^< H=([0-9a-f]{16})/
const OPTION = /^TRACE_OPTION /

/** Flags stand above the command. */
const COMMAND = 0xffff

/** Does the text look like that of nbd-trdump? */
export const isTrdump = (text: string): boolean => linesOf(text.slice(0, 4000)).some((line) => REQUEST.test(line))

/** Reads the text of nbd-trdump. */
export const readTrdump = (text: string): Read<BlockTrace> => {
  const unread = new UnreadLines()
  const requests: Array<BlockRequest> = []
  const underWay = new Set<string>()
  let most = 0
  let replies = 0
  linesOf(text).forEach((line, i) => {
    if (line.trim() === "" || OPTION.test(line)) return
    const reply = REPLY.exec(line)
    if (reply !== null) {
      replies++
      underWay.delete(reply[1] ?? reply[2] ?? "")
      return
    }
    const parts = REQUEST.exec(line)
    if (parts === null) return unread.add(i + 1, line, "expected a request or a reply as nbd-trdump prints them")
    const [, cookie, commandText, name, , offsetText, lengthText] = parts
    const command = Number.parseInt(commandText, 16) & COMMAND
    if (command > 1) return unread.add(i + 1, line, `${name === "" ? `command ${command}` : name} is not replayed`)
    const offset = Number.parseInt(offsetText, 16)
    const length = Number.parseInt(lengthText, 16)
    const why = Number.isSafeInteger(offset) ? refusal(0, offset, length) : "expected an offset below 1 PiB"
    if (why !== null) return unread.add(i + 1, line, why)
    if (requests.length === MAX_REQUESTS) return unread.add(i + 1, line, `more than ${MAX_REQUESTS} requests`)
    underWay.add(cookie)
    most = Math.max(most, underWay.size)
    requests.push({ atNs: 0, write: command === 1, offset, length, of: "nbd" })
  })
  return { value: { requests, timed: false, mostInFlight: replies === 0 ? null : most }, unread: unread.all }
}
