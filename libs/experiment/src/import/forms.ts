// The forms of files that are imported: how each is known. A file is of the first form that fits it.
import {
  isBlkparse,
  isCapture,
  isDnsmasq,
  isFtrace,
  isIolog,
  isLspci,
  isMemInfo,
  isMeminfo,
  isPageCsv,
  isSlabinfo,
  isTrdump,
  isZoneinfo,
  readIni
} from "@swaplab/formats"
import { isLtspKey, isNbdServerSection } from "./ltsp-keys.ts"

/** What a file is for: the memory of a machine, a room, requests to be replayed. */
type Purpose = "machine" | "room" | "trace"

interface Form {
  readonly meaning: string
  readonly purpose: Purpose
  readonly is: (text: string, bytes: Uint8Array) => boolean
}

const keysOf = (text: string) => readIni(text.slice(0, 100_000)).value

/** Variables of nbdswapd.conf. */
const SWAPD_KEYS = new Set(["SIZE", "SWAPDIR", "RUN_MKSWAP", "NBD_SERVER_OPTS"])

/** By name, in the order in which they are tried. */
export const IMPORT_FORMS = {
  pcap: {
    meaning: "a capture (pcap, pcapng) of port 10809",
    purpose: "trace",
    is: (_, bytes) => isCapture(bytes)
  },
  iolog: { meaning: "an iolog of fio, version 2 or 3", purpose: "trace", is: isIolog },
  trdump: { meaning: "text of nbd-trdump", purpose: "trace", is: isTrdump },
  blkparse: { meaning: "text of blkparse", purpose: "trace", is: isBlkparse },
  ftrace: { meaning: "text of ftrace or perf script with block_rq_issue", purpose: "trace", is: isFtrace },
  pages: { meaning: "a page trace (CSV with the heading t,client,page,rw)", purpose: "trace", is: isPageCsv },
  "Mem-Info": {
    meaning: "a kernel log with Mem-Info (page allocation failure, OOM killer)",
    purpose: "machine",
    is: isMemInfo
  },
  zoneinfo: { meaning: "/proc/zoneinfo", purpose: "machine", is: isZoneinfo },
  meminfo: { meaning: "/proc/meminfo", purpose: "machine", is: isMeminfo },
  slabinfo: { meaning: "/proc/slabinfo", purpose: "machine", is: isSlabinfo },
  lspci: { meaning: "lspci, the line of the network card, or lspci -k", purpose: "machine", is: isLspci },
  "nbd-server": {
    meaning: "config of nbd-server",
    purpose: "room",
    is: (text) => keysOf(text).some(({ key, section }) => isNbdServerSection(section) || key === "exportname")
  },
  "lts.conf": {
    meaning: "lts.conf or ltsp.conf",
    purpose: "room",
    is: (text) => keysOf(text).some(({ key, section }) => section !== "" && isLtspKey(key))
  },
  "nbdswapd.conf": {
    meaning: "nbdswapd.conf",
    purpose: "room",
    is: (text) => keysOf(text).some(({ key, section }) => section === "" && SWAPD_KEYS.has(key))
  },
  dnsmasq: { meaning: "hosts of dnsmasq (dhcp-host)", purpose: "room", is: isDnsmasq }
} as const satisfies Readonly<Record<string, Form>>

/** Its name. */
export type ImportForm = keyof typeof IMPORT_FORMS

const NAMES = Object.keys(IMPORT_FORMS) as ReadonlyArray<ImportForm>

/** The form of a file; null: none fits. */
export const formOf = (text: string, bytes: Uint8Array): ImportForm | null =>
  NAMES.find((name) => IMPORT_FORMS[name].is(text, bytes)) ?? null

/** All forms in words, for messages and help. */
export const formsInWords = (): string => Object.values(IMPORT_FORMS).map(({ meaning }) => meaning).join("; ")
