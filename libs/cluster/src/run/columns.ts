// The columns of a run's time series.
import { DropReason, type Link } from "@swaplab/lan"
import {
  NR_ACTIVE_ANON,
  NR_INACTIVE_ANON,
  NR_WRITEBACK,
  PGSCAN_DIRECT_THROTTLE,
  PSWPIN,
  PSWPOUT
} from "@swaplab/page-alloc"
import { hasSwapLayers } from "../scenario/compressed-swap.ts"
import type { At } from "./collect-network.ts"
import { DROP_SITES, dropsOf, type Station, totalDrops } from "./drop-sites.ts"
import type { SeriesRecorder } from "./series.ts"
import { busyNs } from "./server.ts"
import type { Cluster } from "./topology.ts"

/** Why frames of a machine were lost at its port of the switch, and the most bytes that have waited there so far. */
const portColumns = (recorder: SeriesRecorder, station: Station): void => {
  const { name, ports } = station
  recorder.column(`${name}.port_no_room`, () => DROP_SITES.switchBuffer.of(station))
  recorder.column(`${name}.port_lost`, () => DROP_SITES.lostIn.of(station) + DROP_SITES.lostOut.of(station))
  recorder.column(`${name}.port_unplugged`, () => DROP_SITES.unplugged.of(station))
  recorder.column(`${name}.port_queue_max_bytes`, () => Math.max(...ports.map(({ down }) => down.maxQueuedBytes)))
}

/** Cables that have columns of their own, each way, with the port of a switch in front of it; a machine is null. */
const directions = (
  { network, stations }: Cluster
): ReadonlyArray<readonly [name: string, way: "up" | "down", link: Link, from: At | null]> => [
  ...network.switches.flatMap(({ device, ownPorts, spec, uplink }) =>
    uplink.flatMap(({ down, name, port, up }, i) => [
      [name, "up", up, { device, port: ownPorts[i] }] as const,
      [name, "down", down, { device: network.switches[spec.uplink?.to ?? 0].device, port }] as const
    ])
  ),
  ...stations.flatMap(({ fabric, ports }) =>
    ports.length === 1 ? [] : ports.flatMap(({ down, name, port, up }) => [
      [name, "up", up, null] as const,
      [name, "down", down, { device: fabric, port }] as const
    ])
  )
]

/**
 * Declares all columns: some for each client, under Linux's names where Linux has one, some for each server, for each machine's
 * port of the switch, and for each cable between switches or of a machine that has several.
 */
export const declareColumns = (recorder: SeriesRecorder, cluster: Cluster): void => {
  for (const client of cluster.clients) {
    // its machine is another one after each boot: counters begin anew
    const { connection, loads, spec: { group, name }, station } = client
    const item = (of: string, index: number): void =>
      recorder.column(`${name}.${of}`, () => client.machine.pages.vmstat.items[index])
    recorder.column(
      `${name}.nr_free_pages`,
      () => client.machine.pages.zones.reduce((sum, zone) => sum + zone.free, 0)
    )
    item("nr_inactive_anon", NR_INACTIVE_ANON)
    item("nr_active_anon", NR_ACTIVE_ANON)
    item("nr_writeback", NR_WRITEBACK)
    item("pswpin", PSWPIN)
    item("pswpout", PSWPOUT)
    item("pgscan_direct_throttle", PGSCAN_DIRECT_THROTTLE)
    recorder.column(`${name}.slab_pages`, () => client.machine.objects.slabPages())
    if (hasSwapLayers(group)) {
      recorder.column(`${name}.swap_layer_pages`, () => client.machine.swapSetup.memory.pages)
    }
    recorder.column(`${name}.requests`, () => client.machine.disk.inFlight())
    recorder.column(`${name}.pages_touched`, () => client.machine.touched)
    recorder.column(`${name}.drops`, () => totalDrops(dropsOf(station)))
    recorder.column(`${name}.paused_ns`, () => station.ports[0].up.pausedNs)
    for (const { counter, load } of loads) {
      for (const [figure, row] of Object.entries(load.row.metrics)) {
        if (row.series !== true) continue
        const counted = counter(figure)
        recorder.column(`${name}.${load.name}.${figure}`, () => counted.value)
      }
    }
    recorder.column(`${name}.retransmits`, () => connection.swap.serverEnd.retransmitted)
  }
  if (cluster.applications !== null) {
    const { disk, machine, seats } = cluster.applications
    const { items } = machine.pages.vmstat
    const figure = (name: string, of: () => number): void => recorder.column(`${machine.name}.${name}`, of)
    figure("nr_free_pages", () => machine.pages.zones.reduce((sum, zone) => sum + zone.free, 0))
    figure("pswpin", () => items[PSWPIN])
    figure("pswpout", () => items[PSWPOUT])
    figure("cpu_busy_ns", () => machine.cpus.busyNs())
    figure("disk_requests", () => disk.reads + disk.writes)
    figure("picture_bytes", () => seats.reduce((sum, { picture }) => sum + picture.bytes, 0))
  }
  for (const server of cluster.servers) {
    const { stats } = server.machine.server
    const figure = (name: string, of: () => number): void => recorder.column(`${server.name}.${name}`, of)
    figure("requests", () => stats.arrivals)
    figure("resident", () => stats.resident)
    figure("drops", () => totalDrops(dropsOf(server.station)))
    figure("paused_ns", () => Math.max(...server.out.map((link) => link.pausedNs)))
    figure("link_in_busy_ns", () => busyNs(server.in) / server.in.length)
    figure("link_out_busy_ns", () => busyNs(server.out) / server.out.length)
  }
  for (const station of cluster.stations) portColumns(recorder, station)
  for (const [name, way, link, from] of directions(cluster)) {
    recorder.column(`${name}.${way}_busy_ns`, () => link.busyNs)
    recorder.column(`${name}.${way}_paused_ns`, () => link.pausedNs)
    recorder.column(`${name}.${way}_lost`, () => link.dropped[DropReason.Loss])
    recorder.column(`${name}.${way}_unplugged`, () => link.dropped[DropReason.LinkDown])
    if (from === null) continue
    recorder.column(`${name}.${way}_no_room`, () => from.device.portDrops[from.port])
    recorder.column(`${name}.${way}_queue_max_bytes`, () => link.maxQueuedBytes)
  }
  for (const { device } of cluster.network.switches) {
    recorder.column(`${device.name}.buffer_bytes`, () => device.usedBytes)
  }
}
