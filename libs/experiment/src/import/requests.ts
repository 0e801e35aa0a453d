// Traces as workloads: requests of a block device as the lines of the workload that replays such.
import {
  type BlockRequest,
  type BlockTrace,
  readBlkparse,
  readFtrace,
  readIolog,
  readNbdCapture,
  readPageCsv,
  readTrdump
} from "@swaplab/formats"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import { WORKLOADS, type WorkloadTable } from "@swaplab/workload"
import type { Draft, GroupDraft, ImportFile } from "./draft.ts"
import type { ImportForm } from "./forms.ts"

const MIB = 1024 * 1024
/** A line of a trace has so many pages at most. */
const MAX_PAGES = 1024
/** Characters of a trace that fit a scenario. */
const MAX_TEXT = 8 * MIB
/** Time that a run has left after the last request. */
const REST_S = 120
/** NBD_MAJOR. */
const NBD = /^43,/

/** Reads a trace, whichever form it has. */
export const readTrace = (draft: Draft, { bytes, name }: ImportFile, form: ImportForm, text: string): BlockTrace => {
  if (form === "pcap") return draft.take(name, readNbdCapture(bytes))
  if (form === "iolog") return draft.take(name, readIolog(text))
  if (form === "trdump") return draft.take(name, readTrdump(text))
  if (form === "pages") return draft.take(name, readPageCsv(text))
  const trace = draft.take(name, form === "ftrace" ? readFtrace(text) : readBlkparse(text))
  for (const [process, count] of trace.byProcess) draft.say(name, `${count} requests of ${process}`)
  return oneDevice(draft, name, trace)
}

/** The requests of the one device that is replayed: an NBD device, or the one with the most requests. */
const oneDevice = (draft: Draft, file: string, trace: BlockTrace): BlockTrace => {
  const counts = new Map<string, number>()
  for (const { of } of trace.requests) counts.set(of, (counts.get(of) ?? 0) + 1)
  const rank = ([device, count]: readonly [string, number]): number => (NBD.test(device) ? 1e9 : 0) + count
  const [first, ...others] = [...counts].sort((a, b) => rank(b) - rank(a))
  for (const [device, count] of others) {
    draft.miss(file, 1, device, `${count} requests: one device is replayed, ${first[0]}`)
  }
  return others.length === 0 ? trace : { ...trace, requests: trace.requests.filter(({ of }) => of === first[0]) }
}

/** A request in pages, as lines: more than one where it is large. */
const linesOf = ({ length, offset, write }: BlockRequest, seconds: string | null): ReadonlyArray<string> => {
  const first = Math.floor(offset / PAGE_SIZE)
  const end = Math.ceil((offset + length) / PAGE_SIZE)
  const out: Array<string> = []
  for (let page = first; page < end; page += MAX_PAGES) {
    const pages = Math.min(MAX_PAGES, end - page)
    const time = seconds === null ? "" : `${seconds} `
    out.push(`${time}${write ? "W" : "R"} ${page}${pages === 1 ? "" : `+${pages}`}`)
  }
  return out
}

/** The workload of a trace, and what its group must have for it. */
const workloadOf = (
  draft: Draft,
  file: string,
  { mostInFlight, timed }: BlockTrace,
  requests: ReadonlyArray<BlockRequest>,
  start: number,
  table: WorkloadTable
): Pick<GroupDraft, "swap" | "workload"> => {
  const lines: Array<string> = []
  let size = 0
  let pages = 0
  let unaligned = 0
  let last = 0
  for (const [i, request] of requests.entries()) {
    const own = linesOf(request, timed ? ((request.atNs - start) / 1e9).toFixed(9) : null)
    size += own.reduce((sum, line) => sum + line.length + 1, 0)
    if (size > MAX_TEXT) {
      draft.miss(file, 1, "", `${requests.length - i} requests at its end: a scenario has room for ${i} of these`)
      break
    }
    lines.push(...own)
    last = request.atNs - start
    pages = Math.max(pages, Math.ceil((request.offset + request.length) / PAGE_SIZE))
    if (request.offset % PAGE_SIZE !== 0 || request.length % PAGE_SIZE !== 0) unaligned++
  }
  if (unaligned > 0) draft.assume("workload", `${unaligned} requests are not whole pages: they are made so, outwards`)
  if (!timed) draft.assume("workload", "the file has no times: each request follows as soon as one before it has ended")
  draft.seconds = Math.max(draft.seconds ?? 0, Math.ceil(last / 1e9) + REST_S)
  const row = Object.entries(table).find(([, { replays }]) => replays !== undefined)
  const options = row?.[1].replays?.(`${lines.join("\n")}\n`, mostInFlight) ?? {}
  return {
    swap: `${Math.max(1, Math.ceil(pages * PAGE_SIZE / MIB))} MiB`,
    workload: row === undefined ? {} : { [row[0]]: options }
  }
}

/** Puts a trace into groups: one for each client that a capture has, else one, which may be there already. */
export const takeTrace = (
  draft: Draft,
  file: string,
  trace: BlockTrace,
  group: GroupDraft | null,
  table: WorkloadTable = WORKLOADS
): void => {
  const clients = new Map<string, Array<BlockRequest>>()
  for (const request of trace.requests) {
    const own = clients.get(request.of)
    if (own === undefined) clients.set(request.of, [request])
    else own.push(request)
  }
  if (clients.size === 0) return
  draft.say(file, `${trace.requests.length} requests of ${[...clients.keys()].slice(0, 8).join(", ")}`)
  if (group === null) {
    draft.assume("ram", "no file says how much memory clients have: the default. A replay needs little")
  }
  // all clients of one file have its clock
  const start = trace.requests.reduce((least, { atNs }) => Math.min(least, atNs), Number.POSITIVE_INFINITY)
  let number = 0
  for (const requests of clients.values()) {
    const sorted = trace.timed ? requests.toSorted((a, b) => a.atNs - b.atNs) : requests
    const own = workloadOf(draft, file, trace, sorted, start, table)
    number++
    if (group !== null && clients.size === 1) Object.assign(group, own)
    else draft.groups.push({ name: nameOf(draft, clients.size === 1 ? "client" : `client${number}`), ...own })
  }
}

const nameOf = ({ groups }: Draft, wanted: string): string => {
  let name = wanted
  for (let n = 2; groups.some((group) => group.name === name); n++) name = `${wanted}-${n}`
  return name
}
