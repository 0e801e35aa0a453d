// What the table of fixed limits says of a handshake holds, at the limit and beyond it.
import {
  encodeClientFlags,
  encodeInfoRequest,
  encodeOption,
  exportInfo,
  MAX_OPTION_DATA,
  MAX_OPTIONS,
  MAX_SKIPPED_OPTION_DATA,
  MAX_STRING,
  MemoryStore,
  Option,
  ServerSession
} from "@swaplab/nbd"
import { expect, it } from "vitest"
import { FIXED_LIMITS } from "../src/reference/fixed-limits.ts"

const session = (): ServerSession => {
  const begun = new ServerSession([{
    info: exportInfo({ name: "a", size: 4096 }),
    store: new MemoryStore(4096),
    extents: null
  }])
  begun.greeting()
  begun.push(encodeClientFlags(3))
  return begun
}

/** The type of the reply to an option, or "closed". */
const answer = (to: ServerSession, option: number, data: Uint8Array = new Uint8Array(0)): string => {
  const reply = to.push(encodeOption(option, data))
  return to.closed ? "closed" : Buffer.from(reply.subarray(12, 16)).toString("hex")
}

const info = (nameBytes: number) => encodeInfoRequest({ name: "n".repeat(nameBytes), infos: [] })
const UNSUPPORTED = "80000001"
const UNKNOWN_OPTION = 4711

it.each<[limit: string, value: string, at: () => string, atLimit: string, beyond: () => string, beyondLimit: string]>([
  [
    "name that a client asks for",
    `${MAX_STRING.toLocaleString("en-US")} bytes`,
    () => answer(session(), Option.Info, info(MAX_STRING)),
    "80000006",
    () => answer(session(), Option.Info, info(MAX_STRING + 1)),
    "80000003"
  ],
  [
    "options of a handshake",
    String(MAX_OPTIONS),
    () => {
      const one = session()
      return Array.from({ length: MAX_OPTIONS }, () => answer(one, UNKNOWN_OPTION)).at(-1) ?? ""
    },
    UNSUPPORTED,
    () => {
      const one = session()
      return Array.from({ length: MAX_OPTIONS + 1 }, () => answer(one, UNKNOWN_OPTION)).at(-1) ?? ""
    },
    "closed"
  ],
  [
    "data of an option",
    "64 KiB",
    () => answer(session(), UNKNOWN_OPTION, new Uint8Array(MAX_OPTION_DATA)),
    UNSUPPORTED,
    () => answer(session(), UNKNOWN_OPTION, new Uint8Array(MAX_OPTION_DATA + 1)),
    "80000009"
  ],
  [
    "data of an option that is skipped",
    "32 MiB",
    () => answer(session(), UNKNOWN_OPTION, new Uint8Array(MAX_SKIPPED_OPTION_DATA)),
    "80000009",
    () => answer(session(), UNKNOWN_OPTION, new Uint8Array(MAX_SKIPPED_OPTION_DATA + 1)),
    "closed"
  ]
])("%s: %s", (limit, value, at, atLimit, beyond, beyondLimit) => {
  expect(FIXED_LIMITS.find(([name]) => name === limit)?.[1]).toBe(value)
  expect(at()).toBe(atLimit)
  expect(beyond()).toBe(beyondLimit)
})
