// The text of ftrace, read by the grammar of the kernel's own formats, and compared with the counters of the same run.
import {
  ClusterRun,
  decodeScenario,
  FTRACE_SUBSYSTEMS,
  ftraceEventsOf,
  FtraceRecorder,
  procOf,
  runCluster
} from "@swaplab/cluster"
import { Either } from "effect"
import { describe, expect, it } from "vitest"

const { scenario } = Either.getOrThrow(decodeScenario("small.yaml", {
  name: "small",
  seeds: 1,
  duration: "300 s",
  kernels: { slub: { allocator: "slub", base: "v3.6" }, slab: { allocator: "slab", base: "v3.6" } },
  clients: [{
    name: "client",
    count: 2,
    ram: "8 MiB",
    cpus: 2,
    swap: "64 MiB",
    workload: { usemem: { processesPerCpu: 2, size: "1.5x RAM", passes: 2 } }
  }]
}))

const gfp = /[A-Z_|]+(?:\|0x[0-9a-f]+)?/.source
const page = /ffffea[0-9a-f]{10}/.source
const object = `call_site=0 ptr=ffff88[0-9a-f]{10}`
const wb = /RECLAIM_WB_[A-Z]+\|RECLAIM_WB_ASYNC/.source
const bio = String.raw`43,0 (?:R|W|WS) \d+ \+ 8 \[[^\]]+\]`
const request = String.raw`43,0 (?:R|W|WS) 0 \(\) \d+ \+ \d+ \[[^\]]+\]`
const usec = String.raw`usec_timeout=\d+ usec_delayed=\d+`
const alloc = String.raw`${object} bytes_req=\d+ bytes_alloc=\d+ gfp_flags=${gfp}`

/** What follows the name of each event. */
const GRAMMAR: Readonly<Record<string, string>> = {
  mm_vmscan_kswapd_sleep: String.raw`nid=\d+`,
  mm_vmscan_kswapd_wake: String.raw`nid=\d+ order=\d+`,
  mm_vmscan_wakeup_kswapd: String.raw`nid=\d+ zid=\d+ order=\d+`,
  mm_vmscan_direct_reclaim_begin: String.raw`order=\d+ may_writepage=[01] gfp_flags=${gfp}`,
  mm_vmscan_direct_reclaim_end: String.raw`nr_reclaimed=\d+`,
  mm_vmscan_lru_isolate: String.raw`isolate_mode=\d+ order=\d+ nr_requested=\d+ nr_scanned=\d+ nr_taken=\d+ file=[01]`,
  mm_vmscan_writepage: String.raw`page=${page} pfn=\d+ flags=${wb}`,
  mm_vmscan_lru_shrink_inactive: String.raw`nid=\d+ zid=\d+ nr_scanned=\d+ nr_reclaimed=\d+ priority=\d+ flags=${wb}`,
  mm_page_alloc: String
    .raw`(?:page= {10}\(null\) pfn=0|page=${page} pfn=\d+) order=\d+ migratetype=\d gfp_flags=${gfp}`,
  mm_page_free: String.raw`page=${page} pfn=\d+ order=\d+`,
  mm_page_alloc_zone_locked: String.raw`page=${page} pfn=\d+ order=\d+ migratetype=\d percpu_refill=[01]`,
  mm_page_pcpu_drain: String.raw`page=${page} pfn=\d+ order=\d+ migratetype=\d`,
  mm_page_alloc_extfrag: String.raw`page=${page} pfn=\d+ alloc_order=\d+ fallback_order=\d+ pageblock_order=9 `
    + String.raw`alloc_migratetype=\d fallback_migratetype=\d fragmenting=[01] change_ownership=[01]`,
  kmalloc: alloc,
  kmem_cache_alloc: alloc,
  kfree: object,
  kmem_cache_free: object,
  block_bio_queue: bio,
  block_bio_backmerge: bio,
  block_bio_frontmerge: bio,
  block_getrq: bio,
  block_sleeprq: bio,
  block_plug: String.raw`\[[^\]]+\]`,
  block_unplug: String.raw`\[[^\]]+\] \d+`,
  block_rq_insert: request,
  block_rq_issue: request,
  block_rq_complete: String.raw`43,0 (?:R|W|WS) \(\) \d+ \+ \d+ \[\d+\]`,
  writeback_congestion_wait: usec,
  writeback_wait_iff_congested: usec
}

/** comm in 16 columns, PID, CPU, flags, seconds and microseconds. */
const LINE = /^( *[^ ].{0,14}[^ ]|.{16})-(\d+) +\[(\d{3})\] (\.\.[s.]\.) +(\d+\.\d{6}): (\w+): (.*)$/

const traced = (kernel: "slab" | "slub", events: ReadonlyArray<string> = FTRACE_SUBSYSTEMS) => {
  const run = new ClusterRun(scenario, kernel, 1)
  const recorder = new FtraceRecorder(run.cluster, run.clients[1], events.flatMap(ftraceEventsOf))
  run.advance(Number.POSITIVE_INFINITY)
  const lines = recorder.text().trimEnd().split("\n")
  const body = lines.filter((line) => !line.startsWith("#")).map((line) => {
    const [, comm = "", pid, cpu, flags, time, event = "", rest = ""] = LINE.exec(line) ?? []
    return { line, comm: comm.trim(), pid: Number(pid), cpu: Number(cpu), flags, time: Number(time), event, rest }
  })
  return { body, lines, run, machine: run.clients[1].client.machine }
}

describe.each(["slub", "slab"] as const)("ftrace of a client with %s", (kernel) => {
  const { body, lines, machine, run } = traced(kernel)
  const count = (event: string) => body.filter((row) => row.event === event).length
  const vmstat = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, "m").exec(procOf(machine).vmstat())?.[1])

  it("changes nothing of the run", () => {
    expect(run.cluster.sim.fingerprint()).toBe(runCluster(scenario, kernel, 1).fingerprint)
  })

  it("begins as the file trace does, and says how many lines there are", () => {
    expect(lines[0]).toBe("# tracer: nop")
    expect(lines[2]).toBe(`# entries-in-buffer/entries-written: ${body.length}/${body.length}   #P:2`)
    expect(lines[9]).toBe("#           TASK-PID   CPU#  ||||    TIMESTAMP  FUNCTION")
    // the columns stand where the heading says
    expect(lines[11].indexOf("[")).toBe(lines[9].indexOf("CPU#") + 0)
  })

  it("each line is one of the grammar, in the order of time", () => {
    const wrong = body.filter(({ event, rest }) =>
      GRAMMAR[event] === undefined || !new RegExp(`^${GRAMMAR[event]}$`).test(rest)
    )
    expect(wrong.slice(0, 3)).toEqual([])
    expect(body.every(({ time }, i) => i === 0 || time >= body[i - 1].time)).toBe(true)
    expect(body.every(({ cpu }) => cpu < 2)).toBe(true)
  })

  it("has tasks under their names and numbers, and softirqs", () => {
    const sample = (event: string) => body.find((row) => row.event === event)
    expect(sample("mm_vmscan_kswapd_wake")?.comm).toBe("kswapd0")
    expect(new Set(body.filter(({ comm }) => comm === "kswapd0").map(({ pid }) => pid)).size).toBe(1)
    expect(body.some(({ comm, flags, pid }) => comm === "<idle>" && pid === 0 && flags === "..s.")).toBe(true)
    expect(body.some(({ comm, event }) => comm.startsWith("usemem-") && event === "mm_vmscan_direct_reclaim_begin"))
      .toBe(true)
  })

  it("counts as /proc does", () => {
    expect(count("mm_vmscan_direct_reclaim_begin")).toBe(vmstat("allocstall"))
    expect(count("mm_vmscan_writepage")).toBe(vmstat("nr_vmscan_write"))
    const { ios } = machine.disk.stats
    expect(count("block_rq_complete")).toBe(ios[0] + ios[1])
    expect(count("block_rq_insert")).toBe(count("block_getrq"))
    const merges = count("block_bio_backmerge") + count("block_bio_frontmerge")
    expect(count("block_bio_queue")).toBe(count("block_getrq") + merges)
    const refilled = body.filter(({ event, rest }) =>
      event === "mm_page_alloc_zone_locked" && rest.endsWith("refill=1")
    )
    expect(refilled.length).toBeGreaterThan(0)
    expect(count("kmalloc")).toBeGreaterThan(0)
    expect(count("kmem_cache_alloc")).toBeGreaterThan(0)
  })

  it("every request is issued before it completes, and takes time", () => {
    const issued = new Map<string, number>()
    for (const { event, rest, time } of body) {
      const key = rest.replace(/^43,0 (\w+) (?:0 )?\(\) (\d+ \+ \d+) .*$/, "$1 $2")
      if (event === "block_rq_issue") issued.set(key, time)
      if (event !== "block_rq_complete") continue
      expect(time - (issued.get(key) ?? Number.NaN)).toBeGreaterThan(50e-6)
      issued.delete(key)
    }
    expect(issued.size).toBe(machine.disk.inFlight())
  })

  it("what a task does in one burst takes time", () => {
    const faults = body.filter(({ comm, event }) => event === "mm_page_alloc" && comm.startsWith("usemem-"))
    expect(new Set(faults.map(({ pid, time }) => `${pid} ${time}`)).size).toBeGreaterThan(faults.length / 2)
  })

  it("direct reclaim of a task begins, ends and takes time", () => {
    const since = new Map<number, number>()
    let took = 0
    for (const { event, pid, time } of body) {
      if (event === "mm_vmscan_direct_reclaim_begin") {
        expect(since.has(pid)).toBe(false)
        since.set(pid, time)
      } else if (event === "mm_vmscan_direct_reclaim_end") {
        took += time - (since.get(pid) ?? Number.NaN)
        since.delete(pid)
      }
    }
    expect(took).toBeGreaterThan(1e-4)
  })
})

it("records only what is asked for", () => {
  const { body } = traced("slub", ["block", "mm_vmscan_kswapd_wake"])
  const names = new Set(body.map(({ event }) => event))
  expect([...names].filter((name) => !name.startsWith("block_"))).toEqual(["mm_vmscan_kswapd_wake"])
  expect(names.has("block_unplug")).toBe(true)
  expect(ftraceEventsOf("nothing")).toEqual([])
})
