// Where packets were lost, and who was made to wait: every place of the path that dropped anything, and the switch.
import {
  type CableResult,
  type DirectionResult,
  DROP_SITE_NAMES,
  DROP_SITES,
  type PortResult,
  portsOf,
  type RunResult,
  totalDrops
} from "@swaplab/cluster"
import { type ExperimentResult, medianOf, runsOf } from "@swaplab/experiment"
import { type Block, item, key, paragraph, right, type Row, table } from "./document.ts"
import { count, kib, NONE, percent, seconds } from "./format.ts"
import { networkCauses, networkOf } from "./network-causes.ts"

/** Ports of a kernel that are shown by themselves. */
const MAX_PORTS = 8

const sumOf = (run: RunResult, of: (port: PortResult) => number): number =>
  portsOf(run).reduce((total, port) => total + of(port), 0)

/** Both directions of the cables between switches. */
const uplinkSum = ({ network }: RunResult, of: (direction: DirectionResult) => number): number =>
  network.uplinks.reduce((sum, { down, up }) => sum + of(up) + of(down), 0)

/** Rows beside the places: name, figure of a run, and how it is printed. */
const OTHERS: ReadonlyArray<readonly [name: string, of: (run: RunResult) => number, text: (value: number) => string]> =
  [
    ["dropped: no room for an uplink", (run) => uplinkSum(run, ({ noRoom }) => noRoom), count],
    ["dropped: on an uplink", (run) => uplinkSum(run, ({ lost, unplugged }) => lost + unplugged), count],
    [
      "KiB without room in the switch",
      (run) => sumOf(run, (port) => port.switchDroppedBytes) + uplinkSum(run, ({ noRoomBytes }) => noRoomBytes),
      kib
    ],
    [
      "swap segments sent again",
      (run) => run.clients.reduce((sum, { network }) => sum + network.retransmits, 0),
      count
    ],
    [
      "swap segments that arrived twice",
      (run) => run.clients.reduce((sum, { network }) => sum + network.duplicates, 0),
      count
    ],
    [
      "orders of the switch to pause or go on",
      (run) => sumOf(run, (port) => port.pauseFrames) + uplinkSum(run, ({ pauseFrames }) => pauseFrames),
      count
    ],
    [
      "s that servers were not allowed to send, all",
      (run) => run.network.servers.reduce((sum, { pausedNs }) => sum + pausedNs, 0),
      seconds
    ],
    [
      "s that clients were not allowed to send, all",
      (run) => run.clients.reduce((sum, { network }) => sum + network.port.pausedNs, 0),
      seconds
    ]
  ]

/** Packets dropped by place, all machines of a kernel: medians over seeds; only rows with something in them. */
export const networkTable = (result: ExperimentResult): ReadonlyArray<Block> => {
  const kernels = result.plan.kernels.filter((kernel) => runsOf(result.runs, kernel).length > 0)
  const row = (name: string, of: (run: RunResult) => number, text: (value: number) => string): ReadonlyArray<Row> => {
    const values = kernels.map((kernel) => runsOf(result.runs, kernel).map(of))
    return values.some((runs) => runs.some((value) => value > 0))
      ? [[name, ...values.map((runs) => text(medianOf(runs)))]]
      : []
  }
  const rows = [
    ...DROP_SITE_NAMES.flatMap((site) =>
      row(`dropped: ${DROP_SITES[site].label}`, (run) => sumOf(run, ({ drops }) => drops[site]), count)
    ),
    ...OTHERS.flatMap(([name, of, text]) => row(name, of, text))
  ]
  if (rows.length === 0) return []
  const switches = result.runs[0]?.network.switches ?? []
  const highWater = switches.map(({ name }, i): Row => [
    `KiB in ${switches.length === 1 ? "the switch" : name}'s buffer at most`,
    ...kernels.map((kernel) =>
      kib(medianOf(runsOf(result.runs, kernel).map(({ network }) => network.switches[i].bufferHighWaterBytes)))
    )
  ])
  return [table([key("all machines"), ...kernels.map(right)], [...rows, ...highWater])]
}

/** Cables between switches, and each of those that act as one: a row for each direction, medians over seeds. */
export const cableTable = (result: ExperimentResult): ReadonlyArray<Block> => {
  const cablesOf = ({ network }: RunResult): ReadonlyArray<CableResult> => [...network.uplinks, ...network.members]
  const rows = result.plan.kernels.flatMap((kernel) => {
    const runs = runsOf(result.runs, kernel)
    if (runs.length === 0) return []
    return cablesOf(runs[0]).flatMap(({ name }, i) =>
      (["up", "down"] as const).map((way): Row => {
        const middle = (of: (direction: DirectionResult) => number): number =>
          medianOf(runs.map((run) => of(cablesOf(run)[i][way])))
        const paused = middle(({ pausedNs }) => pausedNs)
        return [
          kernel,
          name,
          cablesOf(runs[0])[i][way].to,
          percent(middle(({ utilisation }) => utilisation)),
          count(middle(({ noRoom }) => noRoom)),
          count(middle(({ lost, unplugged }) => lost + unplugged)),
          kib(middle(({ queueHighWaterBytes }) => queueHighWaterBytes)),
          count(middle(({ pauseFrames }) => pauseFrames)),
          paused > 0 ? seconds(paused) : NONE
        ]
      })
    )
  })
  if (rows.length === 0) return []
  const figures = ["used", "no room", "lost", "KiB queued", "orders", "paused s"]
  return [
    table([key("kernel"), key("cable"), key("to"), ...figures.map(right)], rows),
    paragraph(
      "used: share of the time in which it was sending. no room: in the switch in front of it. lost: by chance, or the cable was "
        + "out. orders: of the switch behind it, to pause or go on."
    )
  ]
}

/** Ports that dropped or paused most, of each kernel's first seed. */
export const portTable = (result: ExperimentResult): ReadonlyArray<Block> => {
  const busy = ({ drops, pausedNs }: PortResult): boolean => totalDrops(drops) > 0 || pausedNs > 0
  const worst = (a: PortResult, b: PortResult): number =>
    totalDrops(b.drops) - totalDrops(a.drops) || b.pausedNs - a.pausedNs
  const runs = result.plan.kernels.flatMap((kernel) => runsOf(result.runs, kernel).slice(0, 1))
  const rows = runs.flatMap((run) =>
    portsOf(run).filter(busy).toSorted(worst).slice(0, MAX_PORTS).map((port): Row => [
      run.kernel,
      port.name,
      count(totalDrops(port.drops)),
      count(port.drops.switchBuffer),
      kib(port.switchDroppedBytes),
      count(port.drops.lostIn + port.drops.lostOut),
      kib(port.queueHighWaterBytes),
      count(port.pauseFrames),
      port.pausedNs > 0 ? seconds(port.pausedNs) : NONE
    ])
  )
  if (rows.length === 0) return []
  const columns = [
    key("kernel"),
    key("port"),
    right("dropped"),
    right("no room"),
    right("KiB"),
    right("by chance"),
    right("KiB queued"),
    right("orders"),
    right("paused s")
  ]
  const hidden = runs.reduce((sum, run) => sum + Math.max(0, portsOf(run).filter(busy).length - MAX_PORTS), 0)
  return [
    table(columns, rows),
    ...(hidden > 0 ? [paragraph(`${hidden} more ports are in result.json (--out).`)] : []),
    paragraph("no room: in the switch, for the port. KiB queued: most that waited there. orders: to pause or go on.")
  ]
}

/** What made page-ins wait in the network, of each kernel's first seed. */
export const causeLines = (result: ExperimentResult): ReadonlyArray<Block> =>
  result.plan.kernels.flatMap((kernel) => {
    const [run] = runsOf(result.runs, kernel)
    const causes = run === undefined ? [] : networkCauses(networkOf(run), null)
    return causes.length === 0 ? [] : [item(`  ${kernel}`), ...causes.map((cause) => item(`    ${cause}`))]
  })
