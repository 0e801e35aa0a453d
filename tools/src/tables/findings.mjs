// @ts-check
// Tables of docs/explanation/findings.md.
import { table } from "../schema-tables.mjs"
import { median } from "../statistics.mjs"
import { block, kernelsOf, linesBetween, outcomesInWords, spread } from "./readings.mjs"

const PAGE = "docs/explanation/findings.md"
const SEED = "scenarios/seed-2012.yaml"
const ANY = ["--set", "expect={ default: any }"]

/** @typedef {import("./list.mjs").Table} Table */
/** @typedef {import("./readings.mjs").KernelFigures} KernelFigures */

/** @type {Table} */
const timeOfSlab = {
  name: "time of patched SLAB",
  page: PAGE,
  rows: [["5 %", 10], ["2 %", 6], ["1 %", 6]].map(([share, seeds]) => ({
    label: `${share}, ${seeds} seeds`,
    command: [
      "run",
      SEED,
      "--no-map",
      ...ANY,
      "--seeds",
      String(seeds),
      "--kernel",
      "slab-vanilla",
      "--kernel",
      "slab-series",
      "--set",
      `clients.0.pageCache=${share}`
    ],
    read: kernelsOf
  })),
  render: (rows) =>
    table(
      ["clean page cache", "SLAB, v3.5", "SLAB, v3.6", "ratio of times"],
      rows.map(({ figures, label }) => {
        const [vanilla, series] = /** @type {ReadonlyArray<KernelFigures>} */ (figures)
        const words = (/** @type {KernelFigures} */ it) => `${outcomesInWords(it)}, ${it.elapsedS?.toFixed(2)} s`
        return [label, words(vanilla), words(series), ((series.elapsedS ?? 0) / (vanilla.elapsedS ?? 0)).toFixed(2)]
      })
    )
}

/** @type {Readonly<Record<string, string>>} */
const PROPOSALS = {
  vanilla: "v3.5",
  recursive: "v3.5 + `recursive-reclaim`",
  pageout: "v3.5 + `pageout-list`",
  memalloc: "v3.5 + `nbd-memalloc`",
  "memalloc-recursive": "v3.5 + `nbd-memalloc` + `recursive-reclaim`",
  "memalloc-pageout": "v3.5 + `nbd-memalloc` + `pageout-list`",
  series: "v3.6"
}

/** The runs of one kernel have the fingerprints of those of another. @type {(runs: ReadonlyArray<any>, one: string, other: string) => boolean} */
const sameRuns = (runs, one, other) => {
  const of = (/** @type {string} */ name) =>
    runs.filter(({ kernel }) => kernel === name).map(({ fingerprint }) => fingerprint).join(" ")
  return of(one) === of(other)
}

/** @type {Table} */
const proposals = {
  name: "proposals of 2007",
  page: PAGE,
  rows: ["lameter-2007", "mackall-2007"].map((scenario) => ({
    label: scenario,
    command: ["run", `scenarios/${scenario}.yaml`],
    read: (printed) =>
      kernelsOf(printed).map((it) => ({
        ...it,
        asVanilla: sameRuns(printed.result.runs, it.kernel, "vanilla")
      }))
  })),
  render: ([large, none]) =>
    table(
      ["kernel", "large clean cache", "system time", "no clean cache", "system time"],
      Object.entries(PROPOSALS).map(([kernel, name]) => [
        name,
        ...[large, none].flatMap(({ figures }) => {
          const of = (/** @type {string} */ wanted) =>
            figures.find((/** @type {KernelFigures} */ it) => it.kernel === wanted)
          const it = of(kernel)
          if (kernel !== "vanilla" && it.asVanilla) {
            return ["the same runs as v3.5", ""]
          }
          return [outcomesInWords(it), it.completed === 0 || it.sysS === null ? "" : `${it.sysS.toFixed(1)} s`]
        })
      ])
    )
}

const CONGESTION = "net.ipv4.tcp_congestion_control"
/** @type {(of: string, value: string) => ReadonlyArray<string>} */
const reno = (of, value = "reno") => ["--set", `${of}.sysctl["${CONGESTION}"]=${value}`]
const CLIENTS = [...reno("clients.0", "reno"), ...reno("clients.1", "reno")]
/** @type {(name: string) => ReadonlyArray<string>} */
const cubic = (name) =>
  ["clients.0", "clients.1", "server"].flatMap((of) => ["--set", `${of}.sysctl["tcp_cubic.${name}"]=0`])

/** @type {Table} */
const congestion = {
  name: "congestion control",
  page: PAGE,
  rows: /** @type {ReadonlyArray<readonly [string, ReadonlyArray<string>]>} */ ([
    ["Reno", [...CLIENTS, ...reno("server", "reno")]],
    ["CUBIC on the server", CLIENTS],
    ["CUBIC on all", []],
    ["CUBIC on all, `tcp_cubic.hystart: 0`", cubic("hystart")],
    ["CUBIC on all, `tcp_cubic.tcp_friendliness: 0`", cubic("tcp_friendliness")]
  ]).map(([label, sets]) => ({
    label,
    command: ["run", "scenarios/slow-client.yaml", "--seeds", "4", ...sets],
    read: ({ result }) =>
      result.runs.map((/** @type {any} */ run) => {
        const ports = [...run.network.servers, ...run.clients.map((/** @type {any} */ { network }) => network.port)]
        const fast = run.clients.filter((/** @type {any} */ { name }) => name.startsWith("fast"))
        const total = (/** @type {ReadonlyArray<number>} */ values) => values.reduce((sum, value) => sum + value, 0)
        return {
          dropped: total(ports.map(({ drops }) => drops.switchBuffer)),
          again: total(run.clients.map((/** @type {any} */ { network }) => network.retransmits)),
          fastS: total(fast.map((/** @type {any} */ { elapsedNs }) => elapsedNs)) / fast.length / 1e9,
          slowS: run.clients.find((/** @type {any} */ { name }) => name.startsWith("slow")).elapsedNs / 1e9
        }
      })
  })),
  render: (rows) =>
    table(
      ["congestion control", "dropped by the switch", "sent again", "s of a gigabit client", "s of the slow client"],
      rows.map(({ figures, label }) => {
        const of = (/** @type {string} */ key) => figures.map((/** @type {any} */ run) => run[key])
        return [label, spread(of("dropped"), 0), spread(of("again"), 0), spread(of("fastS"), 2), spread(of("slowS"), 1)]
      })
    )
}

/** @type {Table} */
const delay = {
  name: "delay and uptime",
  page: PAGE,
  rows: [["0.1 ms", "50 us"], ["10 ms", "5 ms"], ["25 ms", "12.5 ms"], ["50 ms", "25 ms"]].map(([label, latency]) => ({
    label,
    command: ["run", "scenarios/delay-uptime.yaml", "--no-map", "--set", `clients.0.link.latency=${latency}`],
    read: ({ result }) => ({
      runs: result.runs.length,
      lockups: result.runs.filter((/** @type {any} */ run) => run.outcome === "lockup").length,
      classes: [
        ...new Set(
          result.runs.flatMap((
            /** @type {any} */ { clients: [{ lockup }] }
          ) => (lockup === null ? [] : [lockup.taxonomy]))
        )
      ],
      // until the last progress: a lockup is proved later
      upS: result.runs.reduce(
        (/** @type {number} */ sum, /** @type {any} */ { clients: [{ lockup }], simulatedNs }) =>
          sum + (lockup?.sinceNs ?? simulatedNs) / 1e9,
        0
      ),
      outMBs: median(
        result.runs.map((/** @type {any} */ { clients: [{ swapOutBytes }], simulatedNs }) =>
          swapOutBytes / (simulatedNs / 1e3)
        )
      ),
      sysS: median(result.runs.map((/** @type {any} */ { sysNs }) => sysNs / 1e9))
    })
  })),
  render: (rows) =>
    table(
      [
        "round trip, cable alone",
        "locked up",
        "simulated time a lockup",
        "swapped out (median)",
        "CPU time of the kernel (median)"
      ],
      rows.map(({ figures: { lockups, outMBs, runs, sysS, upS }, label }) => [
        label,
        `${lockups} of ${runs}`,
        lockups === 0 ? "" : `${(upS / lockups).toFixed(0)} s`,
        `${outMBs.toFixed(1)} MB/s`,
        `${sysS.toFixed(0)} s`
      ])
    )
}

const WMEM = "net.ipv4.tcp_wmem"
const MIB = "[4096, 16384, 1048576]"
/** @type {(of: string) => ReadonlyArray<string>} */
const mebibyte = (of) => ["--set", `${of}.sysctl["${WMEM}"]=${MIB}`]
const LARGE = [
  "run",
  "scenarios/seed-2012-2g.yaml",
  "--no-map",
  ...ANY,
  "--kernel",
  "slab-vanilla",
  "--set",
  "clients.0.workload.usemem.passes=1"
]
const QUARTER = [
  "run",
  SEED,
  "--no-map",
  ...ANY,
  "--seeds",
  "3",
  "--kernel",
  "slub-series",
  "--set",
  "clients.0.ram=256 MiB",
  "--set",
  "clients.0.swap=1280 MiB"
]

/** @type {Table} */
const sendBuffer = {
  name: "send buffer",
  page: PAGE,
  rows: /** @type {ReadonlyArray<readonly [string, ReadonlyArray<string>]>} */ ([
    ["2 GiB, SLAB, v3.5, one pass|as by default", LARGE],
    ["2 GiB, SLAB, v3.5, one pass|1 MiB at the server", [...LARGE, ...mebibyte("server")]],
    ["2 GiB, SLAB, v3.5, one pass|1 MiB at the client", [...LARGE, ...mebibyte("clients.0")]],
    ["256 MiB, SLUB, v3.6, two passes|as by default", QUARTER],
    ["256 MiB, SLUB, v3.6, two passes|1 MiB at the client", [...QUARTER, ...mebibyte("clients.0")]]
  ]).map(([label, command]) => ({ label, command, read: kernelsOf })),
  render: (rows) =>
    table(
      ["client", "largest send buffer", "outcome", "last progress", "elapsed"],
      rows.map(({ figures: [it], label }) => [
        ...label.split("|"),
        outcomesInWords(it),
        it.lockupS === null ? "" : `after ${it.lockupS.toFixed(1)} s`,
        it.elapsedS === null ? "" : `${it.elapsedS.toFixed(1)} s`
      ])
    )
}

/** @type {Table} */
const standstill = {
  name: "standstill",
  page: PAGE,
  rows: [{
    label: "100 s",
    command: [
      "run",
      SEED,
      "--no-map",
      ...ANY,
      "--kernel",
      "slab-vanilla",
      "--seed",
      "1",
      ...["ram=480 MiB", "swap=2300 MiB", "cpus=2", "nic.driver=e1000"].flatMap((set) => ["--set", `clients.0.${set}`]),
      "--set",
      "duration=100 s"
    ],
    read: ({ report }) => [
      linesBetween(report, "livelock of client-1", "under writeback"),
      linesBetween(report, "stall of client-1", "progress since")
    ]
  }],
  render: ([{ figures }]) => block(figures.join("\n\n").split("\n"))
}

export const FINDINGS = [timeOfSlab, sendBuffer, proposals, congestion, standstill, delay]
