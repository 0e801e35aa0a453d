// What a client costs the host that is switched on and does nothing.
import { buildCluster } from "@swaplab/cluster"
import { cpuSeconds, print, rounded, scenarioOf } from "./common.ts"

const HOUR_NS = 3600e9
const HOURS = 100

/** CPU time of the host for a client-hour, after ten minutes of settling down. */
export const idle = (): void => {
  for (const kernel of ["slab-series", "slub-series"]) {
    for (const cpus of [1, 2]) {
      const client = { ram: "1 GiB", swap: "1 GiB", cpus } as const
      const { sim } = buildCluster(scenarioOf(client), kernel, 1)
      sim.run(600e9)
      const events = sim.queue.fired
      const cpu = cpuSeconds()
      sim.run(600e9 + HOURS * HOUR_NS)
      print({
        bench: `an idle client, ${kernel}, ${cpus} CPU${cpus === 1 ? "" : "s"}`,
        msPerClientHour: rounded((1000 * (cpuSeconds() - cpu)) / HOURS, 2),
        eventsPerClientHour: (sim.queue.fired - events) / HOURS
      })
    }
  }
}
