// @ts-check
// Tables of docs/how-to: rooms of people, and what becomes of them.
import { table } from "../schema-tables.mjs"
import { median } from "../statistics.mjs"
import { block, firstTablesOf, linesBetween, spread } from "./readings.mjs"

/** @typedef {import("./list.mjs").Table} Table */

const PLAN = "docs/how-to/plan-a-room.md"
const OUTAGE = "docs/how-to/rehearse-an-outage.md"
const CLASS = ["run", "scenarios/class-start.yaml", "--seed", "1"]

const WORKLOAD = "Workload of the clients"

/** The first tables of sections of what one command prints. @type {(name: string, page: string, command: ReadonlyArray<string>, titles: ReadonlyArray<string>, picture?: string, tables?: number) => Table} */
const shown = (name, page, command, titles, picture, tables = 1) => ({
  name,
  page,
  rows: [{
    label: name,
    command,
    read: ({ report }) => titles.map((title) => firstTablesOf(report, title, tables)),
    picture
  }],
  render: ([{ figures }]) => figures.map((/** @type {string} */ text) => block(text.split("\n"))).join("\n\n")
})

/** Rows of the table of latencies. @type {(report: string, names: ReadonlyArray<string>) => ReadonlyArray<string>} */
const latencies = (report, names) =>
  firstTablesOf(report, WORKLOAD, 1).split("\n").filter((line) => names.some((name) => line.trim().startsWith(name)))

const ARRIVING = ["boot time", "time to desktop", "time to first page"]

/** The first screen of a search. @type {Table} */
const capacity = {
  name: "capacity",
  page: "README.md",
  rows: [{
    label: "capacity",
    command: ["capacity", "scenarios/capacity-quick.yaml"],
    read: ({ report }) => linesBetween(report, " clients", "all hold")
  }],
  render: ([{ figures }]) => block(figures.split("\n"))
}

/** @type {Table} */
const bootStorm = {
  name: "boot storm",
  page: PLAN,
  rows: [["one server", []], ["five servers", ["--set", "servers.0.count=5"]]].map(([label, sets]) => ({
    label: String(label),
    command: ["run", "scenarios/boot-storm.yaml", ...sets],
    read: ({ report }) => ({
      head: firstTablesOf(report, WORKLOAD, 1).split("\n")[1],
      rows: latencies(report, ARRIVING)
    })
  })),
  render: (rows) =>
    block(rows.flatMap(({ figures, label }, i) => [
      i === 0 ? figures.head.replace("  latency of", label.padEnd("  latency of".length)) : label,
      ...figures.rows
    ]))
}

const ANSWERS = {
  exit: "nbd-client without `-persist`, as LTSP 5 starts it",
  persist: "`nbd-client -persist` on Linux 3.5 and 3.6",
  reconnect: "Linux 4.12 and younger, dead-connection time-out 30 s",
  reboot: "Puavo: the client boots when the connection is lost"
}

/** @type {Table} */
const answers = {
  name: "answers to an outage",
  page: OUTAGE,
  rows: Object.keys(ANSWERS).map((whenLost) => ({
    label: whenLost,
    command: ["run", "scenarios/outage.yaml", "--set", `clients.0.nbd.whenLost=${whenLost}`],
    picture: ["exit", "reboot"].includes(whenLost) ? `docs/how-to/outage-${whenLost}.svg` : undefined,
    read: ({ result }) => {
      const [{ clients, faults: [fault], groups: [{ workload }] }] = result.runs
      return {
        clients: clients.length,
        unharmed: fault.unharmed,
        lost: workload.figures.lost,
        reboots: fault.reboots,
        stillS: fault.stillNs / 1e9,
        over10s: workload.latency.over10s
      }
    }
  })),
  render: (rows) =>
    table(
      [
        "`whenLost`",
        "what it is",
        "unharmed",
        "programs lost",
        "clients that booted",
        "stood still, all",
        "actions over 10 s"
      ],
      rows.map(({ figures, label }) => [
        `\`${label}\``,
        ANSWERS[/** @type {keyof typeof ANSWERS} */ (label)],
        `${figures.unharmed} of ${figures.clients}`,
        String(figures.lost),
        String(figures.reboots),
        `${figures.stillS.toFixed(0)} s`,
        String(figures.over10s)
      ])
    )
}

/** @type {(hogs: number) => ReadonlyArray<string>} */
const hogs = (count) =>
  count === 5 ? [] : [
    "--set",
    count === 0 ? "faults=[]" : `faults.0.where=[${Array.from({ length: count }, (_, i) => `hog-${i + 1}`).join(", ")}]`
  ]
/** @type {(rate: string) => ReadonlyArray<string>} */
const limit = (rate) => ["--set", `server.clientRate=${rate}`]

/** @type {Table} */
const blastRadius = {
  name: "blast radius",
  page: "docs/how-to/one-bad-client.md",
  rows: /** @type {ReadonlyArray<readonly [string, string, ReadonlyArray<string>]>} */ ([
    ["0", "none", hogs(0)],
    ["1", "none", hogs(1)],
    ["2", "none", hogs(2)],
    ["5", "none", hogs(5)],
    ["5", "2 MiB/s", limit("2 MiB/s")],
    ["5", "512 KiB/s", limit("512 KiB/s")],
    ["0", "512 KiB/s", [...limit("512 KiB/s"), ...hogs(0)]],
    ["5, server with memory for all", "none", ["--set", "server.disk=memory"]]
  ]).map(([count, rate, sets]) => ({
    label: `${count}|${rate}`,
    command: ["run", "scenarios/blast-radius.yaml", ...sets],
    read: ({ result }) => {
      const [run] = result.runs
      const { workload } = run.groups.find((/** @type {any} */ { group }) => group === "client")
      const people = run.clients.filter((/** @type {any} */ { name }) => name.startsWith("client"))
      return {
        actions: workload.done,
        pages: workload.latencies.pageLoad.count,
        pageP95s: workload.latencies.pageLoad.p95Ns / 1e9,
        faultP95ms: Math.max(...people.map((/** @type {any} */ { faultLatency }) => faultLatency.p95Ns)) / 1e6,
        disk: run.servers[0].diskUtilisation
      }
    }
  })),
  render: (rows) =>
    table(
      [
        "clients that swap without end",
        "limit for each client",
        "actions of the people",
        "web pages",
        "p95 of a web page",
        "p95 of a page fault, worst client",
        "server's disk"
      ],
      rows.map(({ figures: { actions, disk, faultP95ms, pageP95s, pages }, label }) => [
        ...label.split("|"),
        String(actions),
        String(pages),
        `${pageP95s.toFixed(1)} s`,
        `${faultP95ms.toFixed(0)} ms`,
        `${(100 * disk).toFixed(0)} %`
      ])
    )
}

/** What a switch can be told, beside what it does by itself. @type {ReadonlyArray<readonly [string, string, ReadonlyArray<string>]>} */
const SWITCHES = [
  ["as it is", "yes", []],
  ["`alpha: 8`", "yes", ["lan.switch.alpha=8"]],
  ["`alpha: 0.25`", "yes", ["lan.switch.alpha=0.25"]],
  ["`portReserve: 8 KiB`", "yes", ["lan.switch.portReserve=8 KiB"]],
  ["`buffer: 512 KiB`", "yes", ["lan.switch.buffer=512 KiB"]],
  ["as it is", "no", ["lan.flowControl=false"]],
  ["`alpha: 0.25`", "no", ["lan.flowControl=false", "lan.switch.alpha=0.25"]],
  ["`portReserve: 8 KiB`", "no", ["lan.flowControl=false", "lan.switch.portReserve=8 KiB"]]
]

/** @type {Table} */
const slowPorts = {
  name: "what helps slow ports",
  page: "docs/how-to/slow-ports.md",
  rows: SWITCHES.map(([setting, pauses, sets]) => ({
    label: `${setting}|${pauses}`,
    command: ["run", "scenarios/slow-thin-clients.yaml", ...sets.flatMap((set) => ["--set", set])],
    read: ({ result: { runs: [{ clients, network }] } }) => {
      const [fast, slow] = ["fast", "slow"].map((group) => {
        const of = clients.filter((/** @type {any} */ { name }) => name.startsWith(group))
        return {
          faults: median(of.map((/** @type {any} */ { faultLatency }) => faultLatency.count)),
          p50ms: median(of.map((/** @type {any} */ { faultLatency }) => faultLatency.p50Ns)) / 1e6,
          p99ms: median(of.map((/** @type {any} */ { faultLatency }) => faultLatency.p99Ns)) / 1e6
        }
      })
      const ports = [...network.servers, ...clients.map((/** @type {any} */ client) => client.network.port)]
      return {
        fast,
        slow,
        silentS: network.servers[0].pausedNs / 1e9,
        noRoom: ports.reduce((sum, { drops }) => sum + drops.switchBuffer, 0)
      }
    }
  })),
  render: (rows) =>
    table(
      [
        "switch",
        "pause frames",
        "pages of a fast client",
        "p50",
        "p99",
        "pages of a slow client",
        "p50",
        "server silent",
        "frames without room"
      ],
      rows.map(({ figures: { fast, noRoom, silentS, slow }, label }) => [
        ...label.split("|"),
        String(fast.faults),
        `${fast.p50ms.toFixed(2)} ms`,
        `${fast.p99ms.toFixed(1)} ms`,
        String(slow.faults),
        `${slow.p50ms.toFixed(2)} ms`,
        `${silentS.toFixed(2)} s`,
        String(noRoom)
      ])
    )
}

const ONE_CABLE = "one cable"

/** @type {Table} */
const twoCables = {
  name: "two cables",
  page: "docs/how-to/two-cables.md",
  rows: [null, "layer2"].map((policy) => ({
    label: policy === null ? ONE_CABLE : `two, \`${policy}\``,
    sets: policy === null
      ? ["server.bond.links=1"]
      : [`server.bond.xmitHashPolicy=${policy}`, `server.bond.switchHash=${policy}`]
  })).map(({ label, sets }) => ({
    label,
    command: ["run", "scenarios/two-cables.yaml", "--seeds", "10", ...sets.flatMap((set) => ["--set", set])],
    read: ({ result }) =>
      result.runs.map((/** @type {any} */ { clients, network: { members }, servers: [server], simulatedNs }) => ({
        swapMBs: clients.reduce(
          (/** @type {number} */ sum, /** @type {any} */ client) => sum + client.swapInBytes + client.swapOutBytes,
          0
        ) / (simulatedNs / 1e3),
        // of the way to the server, the busier one first
        used: members.length === 0
          ? [server.linkInUtilisation]
          : members.map((/** @type {any} */ { down }) => down.utilisation).toSorted((
            /** @type {number} */ a,
            /** @type {number} */ b
          ) => b - a)
      }))
  })),
  render: (rows) => {
    const of = (/** @type {any} */ figures, /** @type {(run: any) => number} */ figure) => figures.map(figure)
    const one = median(of(rows.find(({ label }) => label === ONE_CABLE)?.figures, ({ swapMBs }) => swapMBs))
    return table(
      ["server", "swapped in 0.5 s, MB/s", "beside one cable", "busier cable used", "other cable used"],
      rows.map(({ figures, label }) => [
        label,
        spread(of(figures, ({ swapMBs }) => swapMBs), 0),
        spread(of(figures, ({ swapMBs }) => swapMBs / one), 2),
        `${spread(of(figures, ({ used }) => 100 * used[0]), 0)} %`,
        figures[0].used.length === 1 ? "" : `${spread(of(figures, ({ used }) => 100 * used[1]), 0)} %`
      ])
    )
  }
}

export const ROOMS = [
  capacity,
  shown("class start", PLAN, CLASS, [WORKLOAD], "docs/how-to/class-start.svg"),
  shown(
    "thin clients",
    PLAN,
    ["run", "scenarios/thin-2012.yaml"],
    [WORKLOAD, "Server of the thin clients' programs"],
    "docs/how-to/thin-2012.svg"
  ),
  bootStorm,
  answers,
  blastRadius,
  slowPorts,
  twoCables,
  shown(
    "compressed swap",
    "docs/how-to/compare-compressed-swap.md",
    [
      "run",
      "scenarios/beside-nbd.yaml",
      "--seeds",
      "10"
    ],
    [
      "Compressed and encrypted swap"
    ],
    undefined,
    2
  )
]
