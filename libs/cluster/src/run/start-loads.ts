// Starts what a client runs, on a machine that has booted.
import type { ClientLoad } from "./client-load.ts"
import type { Client } from "./client.ts"

/** What was started when the client booted: loads that say so, and those that other hosts meet. */
export const startsAtBoot = ({ load: { row } }: ClientLoad): boolean => row.atBoot === true || row.lan !== undefined

/** Gives the machine a disk when a load has files, and starts what has not been started at boot. */
export const startLoads = ({ loads, machine, spec: { group } }: Client): void => {
  const filePages = loads.filter(({ client }) => client === machine).reduce(
    (sum, { load }) => sum + load.plan.filePages,
    0
  )
  const { bytesPerSecond, latency } = group.background.disk
  if (filePages > 0) machine.addFiles(filePages, { bytesPerSecond, latencyNs: latency })
  const later = loads.filter((load) => !startsAtBoot(load))
  // what is measured comes last, onto a machine on which the others run
  for (const load of [...later.filter(({ measured }) => !measured), ...later.filter(({ measured }) => measured)]) {
    load.start()
  }
}
