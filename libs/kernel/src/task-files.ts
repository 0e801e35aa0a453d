// /proc/PID of the tasks of a client: what each is, and where in the kernel it sleeps.
// Modelled: name, state, memory of its address space, its CPU time and CPU, its pending SIGKILL, its memory nodes; of its stack the functions from the
//   sleep up to the system call or the thread, as the source of 3.6 calls them, without addresses (they are zero, as
//   kptr_restrict shows them).
// Not modelled: users, groups, signals, threads of a process, faults of one process; where its text, data and stack begin. All of these
//   are 0. A PID is the number of the task in the simulation.
// source: fs/proc/array.c:proc_pid_status, do_task_stat, proc_pid_statm; fs/proc/base.c:proc_pid_stack, proc_pid_cmdline
import { ALL_NODES, PF_KTHREAD } from "@swaplab/page-alloc"
import { KIB_PER_PAGE } from "./kib.ts"
import type { Machine } from "./machine.ts"
import { ranges } from "./node-files.ts"
import { KernelTask } from "./task.ts"
import { ticks } from "./ticks.ts"

/** Wait queues by a part of their name, and what a task that sleeps there has called, the last first. */
const STACKS: ReadonlyArray<readonly [queue: RegExp, functions: ReadonlyArray<string>]> = [
  [/request slot/, ["get_request_wait", "blk_queue_bio", "generic_make_request", "submit_bio"]],
  [/congestion_wqh/, ["congestion_wait"]],
  [/page lock/, ["sleep_on_page", "__lock_page"]],
  [/pfmemalloc_wait/, [
    "throttle_direct_reclaim",
    "try_to_free_pages",
    "__alloc_pages_slowpath",
    "__alloc_pages_nodemask"
  ]],
  [/kswapd_wait/, ["kswapd_try_to_sleep", "kswapd", "kthread"]],
  [/waiting_wq/, ["nbd_thread", "kthread"]],
  [/active_wq/, ["nbd_find_request", "nbd_read_stat", "nbd_do_it"]],
  [/sock send space/, [
    "sk_stream_wait_memory",
    "tcp_sendmsg",
    "inet_sendmsg",
    "sock_sendmsg",
    "kernel_sendmsg",
    "sock_xmit"
  ]],
  [/sock receive/, ["sk_wait_data", "tcp_recvmsg", "inet_recvmsg", "sock_recvmsg", "kernel_recvmsg", "sock_xmit"]],
  [/socket lock/, ["__lock_sock", "lock_sock_nested"]],
  [/connect$/, ["inet_wait_for_connect", "inet_stream_connect", "sys_connect"]],
  [/ksoftirqd/, ["run_ksoftirqd", "kthread"]],
  [/direct I\/O/, ["dio_await_completion", "do_blockdev_direct_IO", "__blockdev_direct_IO"]],
  [/balance_dirty_pages/, ["balance_dirty_pages", "balance_dirty_pages_ratelimited_nr"]],
  [/flush-8:0/, ["bdi_writeback_thread", "kthread"]],
  [/kcryptd/, ["rescuer_thread", "worker_thread", "kthread"]],
  [/wait4/, ["do_wait", "sys_wait4"]],
  [/oom/, ["schedule_timeout_killable", "out_of_memory", "__alloc_pages_slowpath"]],
  [/sk_sleep/, ["unix_stream_data_wait", "unix_stream_recvmsg", "sock_recvmsg"]]
]

/** Letters of ps and their words. */
const STATES = {
  running: "R (running)",
  interruptible: "S (sleeping)",
  killable: "D (disk sleep)",
  uninterruptible: "D (disk sleep)"
} as const

/** The tasks of a client that have not ended, by their PIDs. */
export const tasksOf = ({ group, sim }: Machine): ReadonlyMap<number, KernelTask> =>
  new Map(
    sim.processes.flatMap((process) =>
      process instanceof KernelTask && process.group === group && !process.finished ? [[process.id + 1, process]] : []
    )
  )

/** The name of a task as the kernel has it: 15 characters. */
export const commOf = ({ name }: Machine, task: KernelTask): string =>
  (task.name.startsWith(`${name} `) ? task.name.slice(name.length + 1) : task.name).slice(0, 15)

/** cpuset_task_status_allowed(): the memory nodes of its cpuset, of 64 that x86_64_defconfig has. */
const memsAllowed = ({ pages: { numa } }: Machine, task: KernelTask): ReadonlyArray<string> => {
  if (numa === null) return []
  const nodes = [...numa.zonesOfNode.keys()].filter((node) => ((task.memsAllowed ?? ALL_NODES) >> node & 1) !== 0)
  const mask = nodes.reduce((bits, node) => bits | 1 << node, 0)
  return [
    `Mems_allowed:\t00000000,${mask.toString(16).padStart(8, "0")}`,
    `Mems_allowed_list:\t${ranges(nodes)}`
  ]
}

/** Content of /proc/PID/status. */
export const statusText = (machine: Machine, pid: number, task: KernelTask): string => {
  const { mm } = machine
  const memory = task.mm < 0 ? [] : [
    `VmSize:\t${String(mm.tables.pagesOf(task.mm) * KIB_PER_PAGE).padStart(8)} kB`,
    `VmRSS:\t${String(mm.rss[task.mm] * KIB_PER_PAGE).padStart(8)} kB`,
    `VmSwap:\t${String(mm.swapEntries[task.mm] * KIB_PER_PAGE).padStart(8)} kB`
  ]
  return [
    `Name:\t${commOf(machine, task)}`,
    `State:\t${task.stopped ? "T (stopped)" : STATES[task.state]}`,
    `Tgid:\t${pid}`,
    `Pid:\t${pid}`,
    `PPid:\t${(task.flags & PF_KTHREAD) !== 0 ? 2 : 1}`,
    ...memory,
    "Threads:\t1",
    `SigPnd:\t${task.killed ? "0000000000000100" : "0000000000000000"}`,
    ...memsAllowed(machine, task),
    ""
  ].join("\n")
}

/** Pages of its address space, and those of them in memory; 0 of a kernel thread. */
const pagesOf = ({ mm }: Machine, task: KernelTask): { readonly size: number; readonly resident: number } =>
  task.mm < 0 ? { size: 0, resident: 0 } : { size: mm.tables.pagesOf(task.mm), resident: mm.rss[task.mm] }

/** Content of /proc/PID/stat: the 52 figures of v3.5 and later, most of them 0. */
export const taskStatText = (machine: Machine, pid: number, task: KernelTask): string => {
  const { resident, size } = pagesOf(machine, task)
  const thread = (task.flags & PF_KTHREAD) !== 0
  const nice = task.highPriority ? -20 : 0
  // by their places in proc(5); all others are 0
  const known: Readonly<Record<number, number>> = {
    4: thread ? 2 : 1,
    5: thread ? 0 : pid,
    6: thread ? 0 : pid,
    8: -1,
    9: task.flags,
    14: ticks(task.userNs),
    15: ticks(task.sysNs),
    18: 20 + nice,
    19: nice,
    20: 1,
    22: ticks(task.startNs - machine.bootNs + (machine.spec.uptimeNs ?? 0)),
    23: size * KIB_PER_PAGE * 1024,
    24: resident,
    31: task.killed ? 0x100 : 0,
    38: 17,
    39: task.cpu
  }
  const figures = Array.from({ length: 49 }, (_, i) => known[i + 4] ?? 0)
  const state = task.stopped ? "T" : STATES[task.state][0]
  return `${pid} (${commOf(machine, task)}) ${state} ${figures.join(" ")}\n`
}

/** Content of /proc/PID/statm, in pages. */
export const statmText = (machine: Machine, task: KernelTask): string => {
  const { resident, size } = pagesOf(machine, task)
  return `${size} ${resident} 0 0 0 ${size} 0\n`
}

/** Content of /proc/PID/cmdline: words that end in a zero byte; nothing of a kernel thread. */
export const cmdlineText = (machine: Machine, task: KernelTask): string =>
  (task.flags & PF_KTHREAD) !== 0 ? "" : `${commOf(machine, task)}\0`

/** Content of /proc/PID/stack. A task that runs has none that could be read. */
export const stackText = (task: KernelTask): string => {
  const queue = task.waitingOn?.name ?? null
  const functions = queue === null ? [] : STACKS.find(([name]) => name.test(queue))?.[1] ?? ["schedule"]
  return [...functions.map((name) => `[<0000000000000000>] ${name}`), "[<ffffffffffffffff>] 0xffffffffffffffff", ""]
    .join("\n")
}
