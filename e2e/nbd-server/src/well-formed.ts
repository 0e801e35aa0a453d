// Is what a server said a sequence of messages of the protocol? For clients that send nonsense and do not know what is right.
import { getU32 } from "@swaplab/nbd"

const OPTION_REPLY = 0x0003e889
const SIMPLE = 0x67446698
const STRUCTURED = 0x668e33ef
const EXTENDED = 0x6e8a278c

/**
 * What is wrong with `bytes`, or null. The last message may be cut. `dataBytes` tells how much data a simple reply to a READ
 * of this cookie has; null when nobody can know, then the rest is not looked at.
 */
export const malformed = (bytes: Buffer, dataBytes: (cookie: number) => number | null): string | null => {
  for (let at = 0; at < bytes.length;) {
    const left = bytes.length - at
    if (left < 4) return null
    switch (getU32(bytes, at)) {
      case OPTION_REPLY:
        if (left < 20) return null
        if (getU32(bytes, at + 16) > 65_536) return `an option reply of ${getU32(bytes, at + 16)} bytes at ${at}`
        at += 20 + getU32(bytes, at + 16)
        break
      case SIMPLE: {
        if (left < 16) return null
        const data = getU32(bytes, at + 4) === 0 ? dataBytes(getU32(bytes, at + 12)) : 0
        if (data === null) return null
        at += 16 + data
        break
      }
      case STRUCTURED:
        if (left < 20) return null
        at += 20 + getU32(bytes, at + 16)
        break
      case EXTENDED:
        if (left < 32) return null
        at += 32 + getU32(bytes, at + 28)
        break
      default:
        return `no message at ${at}: ${bytes.subarray(at, at + 16).toString("hex")}`
    }
  }
  return null
}
