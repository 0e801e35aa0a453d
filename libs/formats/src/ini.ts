// Files with sections and keys: lts.conf, ltsp.conf, nbd-server's config; and shell variables, which are such a file without
// sections.
// Read: [section], KEY = value, KEY=value, quotes around a value, # and ; at the start of a line.
// Not taken, and said: every other line.
// source: ltsp.conf(5), lts.conf(5) of LTSP 5, nbd-server(5)
import { linesOf, type Read, UnreadLines } from "./read.ts"

/** One key. */
export interface IniEntry {
  /** Empty: before the first section. */
  readonly section: string
  readonly key: string
  readonly value: string
  readonly line: number
}

const SECTION = /^\[([^\]]+)\]\s*$/
const ENTRY = /^([A-Za-z_][\w.-]*)\s*=\s*(.*)$/

const unquoted = (value: string): string => {
  const quote = value[0]
  return (quote === "\"" || quote === "'") && value.length > 1 && value.endsWith(quote) ? value.slice(1, -1) : value
}

/** Reads the keys of a file, in order. */
export const readIni = (text: string): Read<ReadonlyArray<IniEntry>> => {
  const unread = new UnreadLines()
  const entries: Array<IniEntry> = []
  let section = ""
  linesOf(text).forEach((raw, i) => {
    const line = raw.trim()
    if (line === "" || line.startsWith("#") || line.startsWith(";")) return
    const named = SECTION.exec(line)
    if (named !== null) {
      section = named[1].trim()
      return
    }
    const entry = ENTRY.exec(line)
    if (entry === null) return unread.add(i + 1, raw, "expected [section] or KEY=value")
    entries.push({ section, key: entry[1], value: unquoted(entry[2].trim()), line: i + 1 })
  })
  return { value: entries, unread: unread.all }
}
