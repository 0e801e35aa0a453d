// The memory report that the kernel prints when an allocation fails and when the OOM killer is called: from "Mem-Info:" on, out of
// a log with whatever stands around it.
// Read: the shape of 2.6.36 to 4.7, with and without "Node N", time stamps and prefixes of a log: CPUs and their lists, zones with free,
//   min, low, high, present (from 3.9 on also managed), lowmem_reserve, swap; the message of the failure and the release above it.
// Not taken, and said: a second report in the same file, zones that the emulator does not have (HighMem, Movable), other nodes. Counters that
//   say how the machine was used are no part of the machine: they are left aside without a word, as the stack is.
// source: mm/page_alloc.c:show_free_areas, warn_alloc_failed; lib/show_mem.c; mm/swap_state.c:show_swap_cache_info
import { type MemoryFacts, NO_FACTS, type ZoneFacts } from "./memory-facts.ts"
import { linesOf, type Read, UnreadLines, wholeOf } from "./read.ts"

const KIB_PER_PAGE = 4

/** What stands before the words of the kernel: syslog, then the time in brackets. */
const PREFIX = /^(?:.*?kernel: )?(?:<\d>)?(?:\[[^\]]*\]\s?)?/

const START = /\bMem-Info:/i
const PER_CPU = /^(?:Node (\d+) )?(\w+) per-cpu:/
const CPU = /^CPU\s+(\d+): hi:\s*(\d+), btch:\s*(\d+) usd:\s*\d+/
const ZONE =
  /^(?:Node (\d+) )?(\w+) free:(\d+)kB min:(\d+)kB low:(\d+)kB high:(\d+)kB .*?\bpresent:(\d+)kB(?: managed:(\d+)kB)?/
const RESERVE = /^lowmem_reserve\[\]:((?: \d+)+)\s*$/
const SWAP = /^Total swap = (\d+)kB/
const FAILURE = /^.*page allocation failure[:.] order:\d+, mode:0x[0-9a-f]+/
const RELEASE = /^(?:CPU: \d+ )?Pid: \d+, comm: .*? (\d+\.\d+\S*) #\d+/i

/** Does the text have such a report? */
export const isMemInfo = (text: string): boolean => START.test(text)

const KNOWN_ZONES = new Set(["DMA", "DMA32", "Normal"])

/** A zone whose lines are still being read. */
type Draft = { -readonly [K in keyof ZoneFacts]: ZoneFacts[K] }

const pagesOf = (kib: string): number => Math.floor(Number(kib) / KIB_PER_PAGE)

/** Reads the first report of a log. */
export const readMemInfo = (text: string): Read<MemoryFacts> => {
  const unread = new UnreadLines()
  const zones: Array<Draft> = []
  const lists = new Map<string, { high: number; batch: number }>()
  let cpus = 0
  let swapTotal: number | null = null
  let failure: string | null = null
  let release: string | null = null
  let reports = 0
  let listsOf: string | null = null
  linesOf(text).forEach((raw, i) => {
    const line = raw.replace(PREFIX, "").trimEnd()
    if (START.test(line)) {
      reports++
      if (reports === 2) unread.add(i + 1, raw, "another report begins: the first one is read")
      return
    }
    if (reports > 1) return
    if (reports === 0) {
      failure = FAILURE.exec(line)?.[0].trim() ?? failure
      release = RELEASE.exec(line)?.[1] ?? release
      return
    }
    const perCpu = PER_CPU.exec(line)
    if (perCpu !== null) {
      listsOf = (perCpu[1] ?? "0") === "0" ? perCpu[2] : null
      return
    }
    const cpu = CPU.exec(line)
    if (cpu !== null) {
      cpus = Math.max(cpus, Number(cpu[1]) + 1)
      if (listsOf !== null) lists.set(listsOf, { high: Number(cpu[2]), batch: Number(cpu[3]) })
      return
    }
    const zone = ZONE.exec(line)
    if (zone !== null) {
      const [, node = "0", name, free, min, low, high, present, managed] = zone
      if (node !== "0") return unread.add(i + 1, raw, `node ${node}: a client has one node`)
      if (!KNOWN_ZONES.has(name)) {
        return unread.add(i + 1, raw, `zone ${name}: clients are x86_64 and have no such zone`)
      }
      if (present.length > 12) return unread.add(i + 1, raw, "expected a zone of less than 2^38 kB")
      const pcp = lists.get(name)
      zones.push({
        name,
        free: pagesOf(free),
        min: pagesOf(min),
        low: pagesOf(low),
        high: pagesOf(high),
        present: pagesOf(present),
        managed: managed === undefined ? undefined : pagesOf(managed),
        protection: [],
        pcpHigh: pcp?.high,
        pcpBatch: pcp?.batch
      })
      return
    }
    const reserve = RESERVE.exec(line)
    if (reserve !== null) {
      const last = zones.at(-1)
      // in pages, of the first line below its zone
      if (last !== undefined && last.protection.length === 0) last.protection = protectionOf(reserve[1])
      return
    }
    if (/ free:\d/.test(line) && / min:/.test(line)) unread.add(i + 1, raw, "expected a zone as the kernel prints it")
    const swap = SWAP.exec(line)
    if (swap !== null) swapTotal = wholeOf(swap[1])
  })
  if (reports === 0) unread.add(1, text.slice(0, 80), "expected a report that begins with Mem-Info:")
  else if (zones.length === 0) unread.add(1, "", "the report has no zone that could be read")
  return {
    value: { ...NO_FACTS, zones, cpus: cpus === 0 ? null : cpus, swapTotal, failure, release },
    unread: unread.all
  }
}

/** The pages of lowmem_reserve[]: Linux prints the megabytes of older kernels nowhere since 2.6.16. */
const protectionOf = (text: string): ReadonlyArray<number> => text.trim().split(/\s+/).map(Number)
