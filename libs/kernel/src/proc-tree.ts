// /proc of a client as a tree of files: those of the machine, those of its tasks, and its sysctls under sys.
// Not modelled: sysctls that no mechanism reads (see sysctls.ts); of a task everything but stat, statm, status, stack, comm and cmdline;
//   of the machine what procOf has not: mounts, interrupts, filesystems.
// source: fs/proc/root.c, fs/proc/base.c:tgid_base_stuff, fs/proc/proc_sysctl.c
import type { Machine } from "./machine.ts"
import { procOf } from "./proc.ts"
import { MEMORY_SYSCTLS } from "./switch-sysctls.ts"
import { cmdlineText, commOf, stackText, statmText, statusText, tasksOf, taskStatText } from "./task-files.ts"

/** Values of sysctls by their names; a list has a tab between two values, as proc_dointvec prints it. */
const sysctlsOf = (machine: Machine): ReadonlyArray<readonly [name: string, value: string]> => [
  ...Object.entries(MEMORY_SYSCTLS).flatMap(([name, { read }]) => {
    const value = read(machine)
    return value === null ? [] : [[name, String(value)] as const]
  }),
  ...Object.entries(machine.net.sysctls).flatMap(([name, value]) =>
    value === null || value === undefined
      ? []
      : [[name, Array.isArray(value) ? value.join("\t") : String(value)] as const]
  )
]

/** Every file by its path below /proc, as text, read when it is asked for. */
export const procTree = (machine: Machine): ReadonlyMap<string, () => string> => {
  const { "Mem-Info": _, ...files } = procOf(machine)
  const tree = new Map<string, () => string>(Object.entries(files))
  for (const [name, value] of sysctlsOf(machine)) tree.set(`sys/${name.replaceAll(".", "/")}`, () => `${value}\n`)
  for (const [pid, task] of tasksOf(machine)) {
    tree.set(`${pid}/status`, () => statusText(machine, pid, task))
    tree.set(`${pid}/stat`, () => taskStatText(machine, pid, task))
    tree.set(`${pid}/statm`, () => statmText(machine, task))
    tree.set(`${pid}/cmdline`, () => cmdlineText(machine, task))
    tree.set(`${pid}/stack`, () => stackText(task))
    tree.set(`${pid}/comm`, () => `${commOf(machine, task)}\n`)
  }
  return tree
}
