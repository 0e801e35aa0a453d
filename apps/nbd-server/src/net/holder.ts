// Who listens at a TCP port of this machine, as /proc tells it: the socket by its port, then the process with that socket.
// source: proc(5), /proc/net/tcp; state 0A is TCP_LISTEN
import { readdirSync, readFileSync, readlinkSync } from "node:fs"

/** A process that listens. */
export interface Holder {
  readonly pid: number
  /** The words of its command. */
  readonly command: ReadonlyArray<string>
}

const LISTENING = "0A"

/** Inodes of the sockets that listen at a port. */
const listenersAt = (port: number): ReadonlySet<string> => {
  const inodes = new Set<string>()
  for (const table of ["tcp", "tcp6"]) {
    let text = ""
    try {
      text = readFileSync(`/proc/net/${table}`, "latin1")
    } catch {
      // without IPv6, or on another system
    }
    for (const line of text.split("\n").slice(1)) {
      const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/)
      if (state === LISTENING && Number.parseInt(local.split(":")[1], 16) === port) inodes.add(inode)
    }
  }
  return inodes
}

/** What /proc says, or null: a process that has ended or belongs to somebody else, a descriptor that was closed meanwhile. */
const told = <A>(ask: () => A): A | null => {
  try {
    return ask()
  } catch {
    return null
  }
}

const hasOneOf = (pid: string, inodes: ReadonlySet<string>): boolean =>
  (told(() => readdirSync(`/proc/${pid}/fd`)) ?? []).some((fd) => {
    const [, inode] = /^socket:\[(\d+)\]$/.exec(told(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? "") ?? []
    return inode !== undefined && inodes.has(inode)
  })

/** Processes that listen at a port, as far as this user may see them. */
export const holdersOf = (port: number): ReadonlyArray<Holder> => {
  const inodes = listenersAt(port)
  if (inodes.size === 0) return []
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name) && hasOneOf(name, inodes)).map((pid) => ({
    pid: Number(pid),
    command: (told(() => readFileSync(`/proc/${pid}/cmdline`, "utf8")) ?? "").split("\0").filter((word) => word !== "")
  }))
}

/** Who holds a port, in words: `nbd-server (process 812)`. */
export const holderText = (holders: ReadonlyArray<Holder>): string =>
  holders.length === 0
    ? "another process (root is told which)"
    : holders.map(({ command, pid }) => `${command.slice(0, 2).join(" ")} (process ${pid})`).join(", ")
