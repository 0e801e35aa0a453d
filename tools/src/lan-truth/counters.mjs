// @ts-check
// Counters of Linux: what nstat and top read, from their files below /proc.

/**
 * A file of pairs of lines, names and values: /proc/net/snmp and /proc/net/netstat. Names as nstat has them: `TcpRetransSegs`,
 * `TcpExtTCPTimeouts`.
 * @type {(text: string) => Record<string, number>}
 */
export const parseNetstat = (text) => {
  const lines = text.trimEnd().split("\n")
  if (lines.length % 2 !== 0) throw new Error("expected pairs of lines: names and values")
  /** @type {Record<string, number>} */
  const counters = {}
  for (let i = 0; i < lines.length; i += 2) {
    const [group, ...names] = lines[i].trim().split(/\s+/)
    const [again, ...values] = lines[i + 1].trim().split(/\s+/)
    if (group !== again || names.length !== values.length) throw new Error(`names and values of ${group} do not match`)
    names.forEach((name, at) => {
      counters[group.replace(":", "") + name] = Number(values[at])
    })
  }
  return counters
}

/**
 * The first line of /proc/stat: ticks of all CPUs together since the boot, those spent idle, and those that a hypervisor took.
 * @type {(text: string) => { total: number, idle: number, stolen: number }}
 */
export const parseCpuTicks = (text) => {
  const [name, ...fields] = text.split("\n")[0].split(/\s+/)
  if (name !== "cpu") throw new Error("expected the CPUs in the first line")
  const [user, nice, system, idle, iowait = 0, irq = 0, softirq = 0, stolen = 0] = fields.map(Number)
  return { total: user + nice + system + idle + iowait + irq + softirq + stolen, idle: idle + iowait, stolen }
}

/** The load of the last minute, from /proc/loadavg. @type {(text: string) => number} */
export const parseLoad = (text) => Number(text.split(" ")[0])

/**
 * Packets that queueing disciplines have dropped, from `tc -j -s qdisc show`.
 * @type {(json: string) => number}
 */
export const parseDrops = (json) => {
  /** @type {ReadonlyArray<{ kind: string, drops?: number }>} */
  const rows = JSON.parse(json)
  return rows.filter(({ kind }) => kind === "tbf").reduce((sum, { drops = 0 }) => sum + drops, 0)
}
