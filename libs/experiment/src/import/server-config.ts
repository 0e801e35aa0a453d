// The configuration of nbd-server as one of swaplab-nbd-server.
// Taken: where it listens, exports of files, read-only ones, swap files by the client's address (%s in exportname), their size.
// Every other key is listed with its line.
// source: nbd-server(5), and docs/nbd-server/reference.md
import { type IniEntry, readIni } from "@swaplab/formats"
import type { Draft, ImportFile } from "./draft.ts"

const MIB = 2 ** 20
const DEFAULT_SWAP_MIB = 512

/** Keys of the section of all exports that have no counterpart, and what to use. */
const GENERIC: Readonly<Record<string, string>> = {
  user: "the unit of systemd says who it runs as (User=)",
  group: "the unit of systemd says who it runs as (Group=)",
  max_threads: "a pool for all clients takes its place: limits.diskRequests",
  includedir: "the files there are imported by naming them",
  allowlist: "list: true is the default"
}

/** Keys of an export that have no counterpart, and why. */
const EXPORT: Readonly<Record<string, string>> = {
  authfile: "write its addresses to allow, as a list",
  prerun: "a store is made when its client attaches",
  postrun: "a store is removed after grace",
  flush: "always there",
  fua: "always there",
  trim: "always there",
  rotational: "never said to clients",
  sparse_cow: "there is no copy-on-write",
  copyonwrite: "there is no copy-on-write: clients share what they write",
  sync: "writes are durable after FLUSH or FUA"
}

/** The keys of each section, in order. */
const bySection = (entries: ReadonlyArray<IniEntry>): Map<string, Map<string, IniEntry>> => {
  const sections = new Map<string, Map<string, IniEntry>>()
  for (const entry of entries) {
    const own = sections.get(entry.section) ?? new Map<string, IniEntry>()
    sections.set(entry.section, own)
    own.set(entry.key, entry)
  }
  return sections
}

const isTrue = (entry: IniEntry | undefined): boolean => /^(true|1|y|yes)$/i.test(entry?.value ?? "")

const directoryOf = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf("/")))

/** Options of a store for each client. */
const swapOf = (draft: Draft, file: string, name: string, path: string, size: IniEntry | undefined) => {
  const bytes = Number(size?.value ?? 0)
  const mib = Math.floor(bytes / MIB)
  if (mib < 1) draft.assume(`swap.${name}.size`, `no filesize: ${DEFAULT_SWAP_MIB} MiB, what nbdswapd makes`)
  draft.say(file, `[${name}] is swap, a store for each client address`)
  return {
    size: `${mib < 1 ? DEFAULT_SWAP_MIB : mib} MiB`,
    store: "file",
    directory: directoryOf(path),
    per: "address"
  }
}

/** The configuration as plain data. */
export const serverConfigOf = (
  draft: Draft,
  { name: file }: ImportFile,
  text: string
): Readonly<Record<string, unknown>> => {
  const sections = bySection(draft.take(file, readIni(text)))
  const generic = sections.get("generic") ?? new Map<string, IniEntry>()
  const taken = new Set<IniEntry | undefined>()
  const use = (entry: IniEntry | undefined): IniEntry | undefined => {
    taken.add(entry)
    return entry
  }
  const address = use(generic.get("listenaddr"))?.value
  const port = use(generic.get("port"))?.value
  const allowsList = use(generic.get("allowlist"))
  const exports: Record<string, unknown> = {}
  const swap: Record<string, unknown> = {}
  for (const [name, keys] of sections) {
    if (name === "generic" || name === "") continue
    const path = use(keys.get("exportname"))?.value
    if (path === undefined) continue
    if (path.includes("%s")) swap[name] = swapOf(draft, file, name, path, use(keys.get("filesize")))
    else {
      const bytes = Number(use(keys.get("filesize"))?.value ?? 0)
      const readOnly = isTrue(use(keys.get("readonly")))
      exports[name] = {
        file: path,
        ...(bytes > 0 && !readOnly ? { size: `${bytes} B` } : {}),
        ...(readOnly ? { readOnly: true } : {})
      }
      draft.say(file, `[${name}] is ${path}${readOnly ? ", read-only" : ""}`)
    }
  }
  for (const [name, keys] of sections) {
    for (const entry of keys.values()) {
      if (taken.has(entry)) continue
      const why = name === "generic" ? GENERIC : EXPORT
      const known = Object.hasOwn(why, entry.key) ? why[entry.key] : undefined
      draft.miss(file, entry.line, `${entry.key} = ${entry.value}`, known ?? "there is no such setting")
    }
  }
  if (address === undefined) {
    draft.assume("listen", "nbd-server listens at every address where none is given, so this does, too")
  }
  return {
    listen: [`${address ?? "0.0.0.0"}:${port ?? 10809}`],
    ...(allowsList !== undefined && !isTrue(allowsList) ? { list: false } : {}),
    ...(Object.keys(exports).length > 0 ? { exports } : {}),
    ...(Object.keys(swap).length > 0 ? { swap } : {})
  }
}
