// Figures of the server on which programs of thin clients run.
import { PAGE_SIZE, PSWPIN, PSWPOUT } from "@swaplab/page-alloc"
import type { ApplicationsResult } from "./server-result.ts"
import type { Cluster } from "./topology.ts"

/** Null without thin clients. */
export const applicationsResult = ({ applications, sim }: Cluster): ApplicationsResult | null => {
  if (applications === null) return null
  const { cable, config, disk, latency, machine, seats } = applications
  const [port] = cable.ports
  const { items } = machine.pages.vmstat
  const now = Math.max(1, sim.now)
  return {
    people: seats.length,
    ramBytes: config.ram,
    lowestFreeBytes: machine.pages.populatedZones.reduce((sum, zone) => sum + zone.lowestFree, 0) * PAGE_SIZE,
    swapInBytes: items[PSWPIN] * PAGE_SIZE,
    swapOutBytes: items[PSWPOUT] * PAGE_SIZE,
    faultLatency: latency.summary(),
    cpuUtilisation: machine.cpus.busyNs() / (now * config.cpus),
    linkInUtilisation: port.down.busyNs / now,
    linkOutUtilisation: port.up.busyNs / now,
    diskUtilisation: disk.stations.utilisation,
    pictureBytes: seats.reduce((sum, { picture }) => sum + picture.bytes, 0),
    inputBytes: seats.reduce((sum, { input }) => sum + input.bytes, 0),
    oomKills: machine.oomKills
  }
}
