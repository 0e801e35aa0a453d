// /proc/zoneinfo, /proc/meminfo and /proc/slabinfo of a machine.
// Read: of zoneinfo the zones of node 0 with free, watermarks, present, protection and per-CPU lists; of meminfo the two totals; of
//   slabinfo (version 2.x) every cache.
// Not taken, and said: other nodes, zones that the emulator does not have, lines of another form. Zones without pages are left aside.
// source: mm/vmstat.c:zoneinfo_show_print; fs/proc/meminfo.c; mm/slab.c:s_show, mm/slub.c:s_show
import { type MemoryFacts, NO_FACTS, type SlabFacts, type ZoneFacts } from "./memory-facts.ts"
import { linesOf, type Read, UnreadLines, wholeOf } from "./read.ts"

const ZONE = /^Node (\d+), zone\s+(\w+)\s*$/
const FIGURE = /^\s+(?:pages )?(free|min|low|high|present|managed)\s+(\d+)\s*$/
const PROTECTION = /^\s+protection: \(([\d, ]+)\)\s*$/
const PCP = /^\s+(high|batch):\s+(\d+)\s*$/
const CPU = /^\s+cpu: (\d+)/
/** Lines of a zone that say how it is used, or what follows from what is read. */
const ASIDE =
  /^\s+(pagesets|per-node stats|scanned|spanned|cma|boost|count:|count|vm stats threshold:|all_unreclaimable:|node_unreclaimable:|prev_priority:|start_pfn:|inactive_ratio:|high_min:|high_max:|[a-z]\w* +\d+$)/
const KNOWN_ZONES = new Set(["DMA", "DMA32", "Normal"])

export const isZoneinfo = (text: string): boolean =>
  /^Node \d+, zone\s+\w+\s*$/m.test(text) && /^\s+pages free/m.test(text)
export const isMeminfo = (text: string): boolean => /^MemTotal:\s+\d+ kB/m.test(text)
export const isSlabinfo = (text: string): boolean => /^slabinfo - version: 2\./m.test(text)

/** Reads /proc/zoneinfo. */
export const readZoneinfo = (text: string): Read<MemoryFacts> => {
  const unread = new UnreadLines()
  const zones: Array<{ name: string; figures: Map<string, number>; protection: ReadonlyArray<number> }> = []
  let cpus = 0
  let here: (typeof zones)[number] | null = null
  linesOf(text).forEach((line, i) => {
    if (line.trim() === "") return
    const zone = ZONE.exec(line)
    if (zone !== null) {
      const [, node, name] = zone
      here = node === "0" && KNOWN_ZONES.has(name) ? { name, figures: new Map(), protection: [] } : null
      if (here !== null) zones.push(here)
      else if (node !== "0") unread.add(i + 1, line, "a client has one node")
      else unread.add(i + 1, line, "clients are x86_64 and have no such zone, unless it is empty")
      return
    }
    if (here === null) return
    const figure = FIGURE.exec(line) ?? PCP.exec(line)
    const value = figure === null ? null : wholeOf(figure[2])
    if (figure !== null && value !== null) {
      const name = line.includes(":") ? `pcp ${figure[1]}` : figure[1]
      if (!here.figures.has(name)) here.figures.set(name, value)
      return
    }
    const protection = PROTECTION.exec(line)
    if (protection !== null) {
      here.protection = protection[1].split(",").map((part) => Number(part.trim()))
      return
    }
    const cpu = CPU.exec(line)
    if (cpu !== null) cpus = Math.max(cpus, Number(cpu[1]) + 1)
    else if (!ASIDE.test(line)) unread.add(i + 1, line, "expected a line of /proc/zoneinfo")
  })
  const read: Array<ZoneFacts> = []
  for (const { figures, name, protection } of zones) {
    const of = (figure: string): number => figures.get(figure) ?? 0
    if (of("present") === 0) continue
    read.push({
      name,
      free: of("free"),
      min: of("min"),
      low: of("low"),
      high: of("high"),
      present: of("present"),
      managed: figures.get("managed"),
      protection,
      pcpHigh: figures.get("pcp high"),
      pcpBatch: figures.get("pcp batch")
    })
  }
  if (read.length === 0) unread.add(1, "", "no zone of node 0 could be read")
  return { value: { ...NO_FACTS, zones: read, cpus: cpus === 0 ? null : cpus }, unread: unread.all }
}

const MEMINFO = /^(\w[\w()]*):\s+(\d+)(?: kB)?\s*$/

/** Reads /proc/meminfo. */
export const readMeminfo = (text: string): Read<MemoryFacts> => {
  const unread = new UnreadLines()
  const figures = new Map<string, number | null>()
  linesOf(text).forEach((line, i) => {
    if (line.trim() === "") return
    const parts = MEMINFO.exec(line)
    if (parts === null) unread.add(i + 1, line, "expected a line of /proc/meminfo")
    else if (!figures.has(parts[1])) figures.set(parts[1], wholeOf(parts[2]))
  })
  const memTotal = figures.get("MemTotal") ?? null
  if (memTotal === null) unread.add(1, "", "MemTotal is missing")
  return { value: { ...NO_FACTS, memTotal, swapTotal: figures.get("SwapTotal") ?? null }, unread: unread.all }
}

const SLAB = /^(\S+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+: tunables /

/** Reads /proc/slabinfo. */
export const readSlabinfo = (text: string): Read<MemoryFacts> => {
  const unread = new UnreadLines()
  const slabs: Array<SlabFacts> = []
  linesOf(text).forEach((line, i) => {
    if (line.trim() === "" || line.startsWith("#") || line.startsWith("slabinfo - version: 2.")) return
    const parts = SLAB.exec(line)
    const numbers = parts?.slice(2, 7).map(wholeOf) ?? []
    if (parts === null || numbers.includes(null)) return unread.add(i + 1, line, "expected a cache of /proc/slabinfo")
    const [activeObjects, totalObjects, objectSize, objectsPerSlab, pagesPerSlab] = numbers as ReadonlyArray<number>
    slabs.push({ name: parts[1], activeObjects, totalObjects, objectSize, objectsPerSlab, pagesPerSlab })
  })
  const named = (pattern: RegExp): boolean => slabs.some(({ name }) => pattern.test(name))
  // SLAB named its general caches size-N up to 3.9, SLUB kmalloc-N
  const allocator = named(/^size-\d+$/) ? "slab" : named(/^kmalloc-\d+k?$/) ? "slub" : null
  if (slabs.length === 0) unread.add(1, "", "no cache could be read")
  return { value: { ...NO_FACTS, slabs, allocator }, unread: unread.all }
}
