// /proc/stat, cpuinfo, uptime, loadavg and net/dev of a client: where its CPU time went, how long it is up, and what its card has carried.
// Modelled: the time of each CPU with and without work, interrupts of the card, context switches, tasks that run or are blocked, frames
//   and bytes of the card with their Ethernet header.
// Not modelled: which CPU a task was in user mode on, so that the user time of the machine is shared out as the CPUs were busy; softirqs
//   apart from the rest of the system, nice, iowait, steal, guests and interrupts of timers, which are 0; a clock on the wall: it booted
//   at 0, in 1970. The load averages are those of a machine on which as many tasks as now have run or been blocked since it booted,
//   because nobody samples it every five seconds. cpuinfo has no model, flags and frequencies. net/dev has the card alone, without lo.
// source: fs/proc/stat.c:show_stat, arch/x86/kernel/cpu/proc.c:show_cpuinfo, fs/proc/uptime.c, fs/proc/loadavg.c, net/core/dev.c:dev_seq_printf_stats
import { exp } from "@swaplab/sim"
import type { Machine } from "./machine.ts"
import { tasksOf } from "./task-files.ts"
import { ticks } from "./ticks.ts"

/** Since the machine booted. */
const uptimeNs = ({ bootNs, sim, spec }: Machine): number => sim.now - bootNs + (spec.uptimeNs ?? 0)

/** Of each CPU: time in user mode, in the kernel, and idle. */
const cpuTimes = (machine: Machine): ReadonlyArray<readonly [user: number, system: number, idle: number]> => {
  const { cpus } = machine
  const { sysNs, userNs } = machine.cpuTimes()
  const userShare = userNs + sysNs === 0 ? 0 : userNs / (userNs + sysNs)
  const up = uptimeNs(machine)
  return Array.from({ length: cpus.count }, (_, cpu) => {
    const busy = cpus.busyNsOf(cpu)
    return [busy * userShare, busy * (1 - userShare), Math.max(0, up - busy)]
  })
}

/** Tasks that have a CPU or wait for one, and those that are blocked. */
const activeTasks = (
  machine: Machine
): { readonly running: number; readonly blocked: number; readonly all: number } => {
  const tasks = [...tasksOf(machine).values()]
  return {
    running: tasks.filter(({ state }) => state === "running").length,
    blocked: tasks.filter(({ state }) => state === "uninterruptible" || state === "killable").length,
    all: tasks.length
  }
}

const lastPid = (machine: Machine): number => Math.max(0, ...tasksOf(machine).keys())

/** Content of /proc/stat. */
export const statText = (machine: Machine): string => {
  const times = cpuTimes(machine)
  const sum = [0, 1, 2].map((kind) => times.reduce((total, cpu) => total + cpu[kind], 0))
  const line = (name: string, [user, system, idle]: ReadonlyArray<number>): string =>
    `${name} ${ticks(user)} 0 ${ticks(system)} ${ticks(idle)} 0 0 0 0 0 0`
  const { blocked, running } = activeTasks(machine)
  return [
    // two spaces: show_stat() prints "cpu  "
    line("cpu ", sum),
    ...times.map((cpu, i) => line(`cpu${i}`, cpu)),
    `intr ${machine.nic.interrupts}`,
    `ctxt ${machine.cpus.switches}`,
    "btime 0",
    `processes ${lastPid(machine)}`,
    `procs_running ${running}`,
    `procs_blocked ${blocked}`,
    // no softirq is counted by its kind
    "softirq 0 0 0 0 0 0 0 0 0 0 0",
    ""
  ].join("\n")
}

/** Content of /proc/cpuinfo: each CPU is a core of one package. */
export const cpuinfoText = ({ cpus: { count } }: Machine): string =>
  Array.from({ length: count }, (_, cpu) =>
    [
      `processor\t: ${cpu}`,
      "physical id\t: 0",
      `siblings\t: ${count}`,
      `core id\t\t: ${cpu}`,
      `cpu cores\t: ${count}`,
      "\n"
    ].join("\n")).join("")

/** Content of /proc/uptime: since the boot, and idle on all CPUs together. */
export const uptimeText = (machine: Machine): string => {
  const idle = cpuTimes(machine).reduce((sum, [, , ns]) => sum + ns, 0)
  return `${(uptimeNs(machine) / 1e9).toFixed(2)} ${(idle / 1e9).toFixed(2)}\n`
}

/** Content of /proc/loadavg. */
export const loadavgText = (machine: Machine): string => {
  const { all, blocked, running } = activeTasks(machine)
  const up = uptimeNs(machine) / 1e9
  const averages = [60, 300, 900].map((s) => ((running + blocked) * (1 - exp(-up / s))).toFixed(2))
  return `${averages.join(" ")} ${running}/${all} ${lastPid(machine)}\n`
}

/** Content of /proc/net/dev. */
export const netDevText = ({ nic }: Machine): string => {
  const received = [nic.rxBytes, nic.rxPackets, 0, nic.rxDropped, 0, 0, 0, 0]
  const sent = [nic.txBytes, nic.tx.frames, 0, 0, 0, 0, 0, 0]
  const columns = (values: ReadonlyArray<number>, widths: ReadonlyArray<number>): string =>
    values.map((value, i) => String(value).padStart(widths[i])).join(" ")
  return [
    "Inter-|   Receive                                                |  Transmit",
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed",
    `${"eth0".padStart(6)}: ${columns(received, [7, 7, 4, 4, 4, 5, 10, 9])} ${
      columns(sent, [8, 7, 4, 4, 4, 5, 7, 10])
    }`,
    ""
  ].join("\n")
}
