// Clients at one instant in Prometheus' text format, under the names that node_exporter gives to /proc/meminfo and /proc/vmstat: queries
// and dashboards of real machines work on emulated ones. `instance` is the client.
import { type ClusterRun, procOf } from "@swaplab/cluster"

/** A sample, and the name of its metric. */
interface Sample {
  readonly name: string
  readonly instance: string
  readonly value: number
}

/** `Active(anon)` is Active_anon: names have letters, digits and underscores. */
const nameOf = (name: string): string => name.replace(/\((\w+)\)/, "_$1")

const meminfoOf = (instance: string, text: string): ReadonlyArray<Sample> =>
  [...text.matchAll(/^([\w()]+): +(\d+)( kB)?$/gm)].map(([, name, value, kib]) => ({
    name: `node_memory_${nameOf(name)}${kib === undefined ? "" : "_bytes"}`,
    instance,
    value: Number(value) * (kib === undefined ? 1 : 1024)
  }))

const vmstatOf = (instance: string, text: string): ReadonlyArray<Sample> =>
  [...text.matchAll(/^(\w+) (\d+)$/gm)].map(([, name, value]) => ({
    name: `node_vmstat_${name}`,
    instance,
    value: Number(value)
  }))

/** All clients, as they are now. */
export const nodeMetrics = ({ clients }: ClusterRun): string => {
  const samples = clients.flatMap(({ client: { machine, spec: { name } } }) => {
    const { meminfo, vmstat } = procOf(machine)
    return [...meminfoOf(name, meminfo()), ...vmstatOf(name, vmstat())]
  })
  const byName = new Map<string, Array<Sample>>()
  for (const sample of samples) byName.set(sample.name, [...(byName.get(sample.name) ?? []), sample])
  return [...byName].map(([name, of]) =>
    [
      `# TYPE ${name} untyped`,
      ...of.map(({ instance, value }) => `${name}{instance="${instance}"} ${value}`),
      ""
    ].join("\n")
  ).join("")
}
