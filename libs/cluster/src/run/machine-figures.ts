// What is counted of a client's machine: since its last boot, and over all boots.
import type { LostSwap, Machine, NbdLink } from "@swaplab/kernel"
import type { Socket } from "@swaplab/net-skb"
import { PAGE_SIZE, WMARK_MIN } from "@swaplab/page-alloc"
import { addBoth, addFigures } from "./add-figures.ts"
import type { Connection } from "./connection.ts"
import type { RootResult, ZoneLowWater } from "./result.ts"
import type { SwapLayersResult } from "./swap-layers-result.ts"
import { addSwapLayers, swapLayersResult } from "./swap-layers.ts"

/** Figures that add up from boot to boot. */
export interface MachineFigures {
  readonly userNs: number
  readonly sysNs: number
  readonly pagesTouched: number
  readonly vmstat: Readonly<Record<string, number>>
  readonly rxDropped: number
  readonly rxMissed: number
  readonly interrupts: number
  readonly allocFailed: number
  readonly pfmemallocDrops: number
  readonly root: RootResult | null
  readonly swapLayers: SwapLayersResult | null
  readonly oomKills: number
  readonly integrityErrors: number
  readonly failedAllocations: number
  readonly firstFailedAllocation: string | null
  readonly reserveLeaks: number | null
  readonly lowWater: ReadonlyArray<ZoneLowWater>
  /** Swap: pages that could not be read or written, and writes that found no slot. */
  readonly readErrors: number
  readonly writeErrors: number
  readonly noSlot: number
  readonly disconnects: number
  readonly reconnects: number
  /** Attempts of nbd-client that failed, by how. */
  readonly connectsRefused: number
  readonly connectsTimedOut: number
  readonly connectsFailed: number
  /** Time without a connection, of the device that was longest without; boots are added up. */
  readonly downNs: number
  readonly requestsFailed: number
  /** Pages that the server had forgotten, and which programs noticed. */
  readonly lostPages: number
  readonly lostSwap: ReadonlyArray<LostSwap>
}

/** What is counted: a machine, its connection and sockets, and what was counted before it. */
interface Counted {
  readonly machine: Machine
  readonly connection: Connection
  readonly sockets: ReadonlyArray<Socket>
  readonly power: { readonly before: MachineFigures | null; readonly on: boolean }
}

const rootFigures = ({ root }: Machine): RootResult | null =>
  root === null ? null : {
    readBytes: root.device.counters.readsEnded * PAGE_SIZE,
    refaults: root.files.refaults,
    readErrors: root.device.counters.readErrors,
    blocks: root.squashfs?.blocks ?? 0
  }

const linksOf = ({ nbdLink, rootNbd }: Machine): ReadonlyArray<NbdLink> => [
  ...(nbdLink === null ? [] : [nbdLink]),
  ...(rootNbd === null ? [] : [rootNbd.link])
]

/** Since its last boot. */
const sinceBoot = ({ connection, machine, sockets }: Counted): MachineFigures => {
  const { nic, pages, swap: { counters } } = machine
  const vmstat: Record<string, number> = {}
  for (const name of pages.vmstat.names()) vmstat[name] = pages.vmstat.get(name)
  const links = linksOf(machine)
  const devices = [machine.nbd, machine.rootNbd?.device ?? null].filter((device) => device !== null)
  const sum = (of: (link: NbdLink) => number): number => links.reduce((total, link) => total + of(link), 0)
  return {
    ...machine.cpuTimes(),
    pagesTouched: machine.touched,
    vmstat,
    rxDropped: nic.rxDroppedTotal,
    rxMissed: nic.rxMissed,
    interrupts: nic.interrupts,
    allocFailed: nic.allocRxBuffFailed,
    pfmemallocDrops: connection.clientSocket.pfmemallocDrops + (connection.root?.clientSocket.pfmemallocDrops ?? 0) +
      sockets.reduce((sum, socket) => sum + socket.pfmemallocDrops, 0),
    root: rootFigures(machine),
    swapLayers: swapLayersResult(machine),
    oomKills: machine.oomKills,
    integrityErrors: machine.corruptions.length,
    failedAllocations: pages.counters.messages + pages.counters.messagesSuppressed,
    firstFailedAllocation: pages.firstFailure?.message ?? null,
    reserveLeaks: machine.objects.reserveLeaks(),
    lowWater: pages.populatedZones.map((zone) => ({
      zone: zone.label,
      lowestFree: zone.lowestFree,
      min: zone.watermark[WMARK_MIN]
    })),
    readErrors: counters.readErrors,
    writeErrors: counters.writeErrors,
    noSlot: counters.noSlot,
    disconnects: sum((link) => link.disconnects),
    reconnects: sum((link) => link.reconnects),
    connectsRefused: sum((link) => link.refused),
    connectsTimedOut: sum((link) => link.timedOut),
    connectsFailed: sum((link) => link.failed),
    downNs: Math.max(0, ...links.map((link) => link.downNs)),
    requestsFailed: devices.reduce((total, { counters: of }) => total + of.failed, 0),
    lostPages: devices.reduce((total, { counters: of }) => total + of.lostPages, 0),
    lostSwap: machine.lostSwap
  }
}

const isGauge = (vmstat: string): boolean => vmstat.startsWith("nr_")

const add = (a: MachineFigures, b: MachineFigures): MachineFigures => ({
  ...addFigures(a, b),
  // gauges such as nr_free_pages are those of the last boot
  vmstat: Object.fromEntries(
    Object.entries(addFigures(a.vmstat, b.vmstat)).map(([name, sum]) => [name, isGauge(name) ? b.vmstat[name] : sum])
  ),
  root: addBoth(a.root, b.root, addFigures),
  swapLayers: addBoth(a.swapLayers, b.swapLayers, addSwapLayers),
  firstFailedAllocation: a.firstFailedAllocation ?? b.firstFailedAllocation,
  lowWater: b.lowWater.map((zone, i) => ({ ...zone, lowestFree: Math.min(zone.lowestFree, a.lowWater[i].lowestFree) })),
  lostSwap: [...a.lostSwap, ...b.lostSwap]
})

/** Over all boots of a client. Of a client without power: up to its loss. */
export const figuresOf = (client: Counted): MachineFigures => {
  const { before, on } = client.power
  if (before === null) return sinceBoot(client)
  return on ? add(before, sinceBoot(client)) : before
}
