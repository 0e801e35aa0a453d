// The columns of a run's time series.
import {
  NR_ACTIVE_ANON,
  NR_INACTIVE_ANON,
  NR_WRITEBACK,
  PGSCAN_DIRECT_THROTTLE,
  PSWPIN,
  PSWPOUT
} from "@swaplab/page-alloc"
import { dropsOf, totalDrops } from "./drop-sites.ts"
import type { SeriesRecorder } from "./series.ts"
import type { Cluster } from "./topology.ts"

/** Declares all columns: some for each client, under Linux's names where Linux has one, and some for the server. */
export const declareColumns = (recorder: SeriesRecorder, cluster: Cluster): void => {
  for (const { machine, connection, loads, station } of cluster.clients) {
    const items = machine.pages.vmstat.items
    const item = (name: string, index: number): void => recorder.column(`${machine.name}.${name}`, () => items[index])
    recorder.column(
      `${machine.name}.nr_free_pages`,
      () => machine.pages.zones.reduce((sum, zone) => sum + zone.free, 0)
    )
    item("nr_inactive_anon", NR_INACTIVE_ANON)
    item("nr_active_anon", NR_ACTIVE_ANON)
    item("nr_writeback", NR_WRITEBACK)
    item("pswpin", PSWPIN)
    item("pswpout", PSWPOUT)
    item("pgscan_direct_throttle", PGSCAN_DIRECT_THROTTLE)
    recorder.column(`${machine.name}.slab_pages`, () => machine.objects.slabPages())
    recorder.column(`${machine.name}.requests`, () => machine.disk.inFlight())
    recorder.column(`${machine.name}.pages_touched`, () => machine.touched)
    recorder.column(`${machine.name}.drops`, () => totalDrops(dropsOf(station)))
    recorder.column(`${machine.name}.paused_ns`, () => station.port.up.pausedNs)
    for (const { counter, load } of loads) {
      for (const [figure, row] of Object.entries(load.row.metrics)) {
        if (row.series !== true) continue
        const counted = counter(figure)
        recorder.column(`${machine.name}.${load.name}.${figure}`, () => counted.value)
      }
    }
    recorder.column(`${machine.name}.retransmits`, () => connection.serverSocket.retransmitted)
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
  const { stats } = cluster.server.server
  recorder.column("server.requests", () => stats.arrivals)
  recorder.column("server.resident", () => stats.resident)
  const [server] = cluster.stations
  recorder.column("server.drops", () => totalDrops(dropsOf(server)))
  recorder.column("server.paused_ns", () => server.port.up.pausedNs)
  recorder.column("switch.buffer_bytes", () => cluster.fabric.usedBytes)
  recorder.column("server.link_in_busy_ns", () => cluster.serverIn.busyNs)
  recorder.column("server.link_out_busy_ns", () => cluster.serverOut.busyNs)
}
