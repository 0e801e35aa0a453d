// Limits that no configuration changes, from the constants that set them, for the reference and the man pages.
import { roundQuantity, SIZE } from "@swaplab/config"
import {
  exportInfo,
  MAX_EXTENTS,
  MAX_OPTION_DATA,
  MAX_OPTIONS,
  MAX_PAYLOAD,
  MAX_SKIPPED_OPTION_DATA,
  MAX_STRING
} from "@swaplab/nbd"
import { MAX_MEMORY } from "../config/rules.ts"
import { MAX_NAME_BYTES } from "../config/schema.ts"
import { HANDSHAKE_MESSAGES } from "../limits/handshake-turns.ts"
import { TURN_UNITS } from "../limits/turns.ts"
import { BUSY_POLL_MS } from "../net/busy-poll.ts"
import { DISCARD_BYTES, LINGER_MS } from "../net/connection.ts"
import { MAX_LINE } from "../ops/control.ts"
import { MAX_PROBES } from "../ops/http.ts"

const bytes = (value: number): string => roundQuantity(SIZE, value, 3)
const count = (value: number): string => value.toLocaleString("en-US")

/** What is limited, to what, and what happens beyond it. */
export const FIXED_LIMITS: ReadonlyArray<readonly [limit: string, value: string, beyond: string]> = [
  [
    "payload of a READ or WRITE",
    bytes(MAX_PAYLOAD),
    "READ gets EINVAL, WRITE ends the connection. Clients that ask for BLOCK_SIZE are told, Linux sends at most 32 MiB."
  ],
  [
    "length of TRIM, WRITE_ZEROES, CACHE and BLOCK_STATUS",
    "the export",
    "Past its end: ENOSPC for WRITE_ZEROES, else EINVAL."
  ],
  [
    "preferred block",
    bytes(exportInfo({ name: "", size: 0 }).preferredBlock),
    "Smaller requests are served. The smallest is the key `minimumBlock`; others get EINVAL."
  ],
  ["extents in a reply to BLOCK_STATUS", count(MAX_EXTENTS), "The client asks again for the rest."],
  ["name that a client asks for", `${count(MAX_STRING)} bytes`, "ERR_INVALID; with EXPORT_NAME the connection ends."],
  ["name in the configuration", `${count(MAX_NAME_BYTES)} bytes`, "A mistake."],
  ["export or template in memory", bytes(MAX_MEMORY), "A mistake."],
  ["options of a handshake", count(MAX_OPTIONS), "The connection ends."],
  ["data of an option", bytes(MAX_OPTION_DATA), "It is skipped, and the option gets ERR_TOO_BIG."],
  ["data of an option that is skipped", bytes(MAX_SKIPPED_OPTION_DATA), "The connection ends."],
  [
    "options of all handshakes while clients are served",
    `${count(HANDSHAKE_MESSAGES)} a second`,
    "The next waits. Addresses take turns."
  ],
  ["turn of a client beside others", bytes(TURN_UNITS), "It goes on after the others have had theirs."],
  [
    "wait for the next request before the server sleeps",
    `${BUSY_POLL_MS * 1000} µs`,
    "It sleeps until a request comes."
  ],
  ["bytes on a connection that the server has ended", bytes(DISCARD_BYTES), "The connection is reset."],
  ["time to take the last replies", `${LINGER_MS / 1000} s`, "The connection is reset."],
  ["connections to the probes", count(MAX_PROBES), "The next is closed."],
  ["line to the control socket", bytes(MAX_LINE), "The connection ends."]
]
