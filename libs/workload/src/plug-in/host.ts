// What a workload is given to run on: a client through a narrow port, the other hosts of the LAN, and what it counts in.
import type { KernelTask, Machine } from "@swaplab/kernel"
import type { DatagramSocket } from "@swaplab/net-skb"
import type { Task } from "@swaplab/page-alloc"
import type { Nanoseconds, Process, Random, Sleeps } from "@swaplab/sim"
import type { TcpSocket } from "@swaplab/tcp"
import type { Display } from "./display.ts"
import type { ProcessExit } from "./exit.ts"

/** What a process needs of its machine to fault pages in, to mark them, and to verify what they contain. */
export type MemoryPort = Pick<Machine, "index" | "mm" | "pages" | "costs" | "touched" | "wrongPage" | "log">

/** What a workload may use of the client it runs on. */
export type ClientPort =
  & MemoryPort
  & Pick<Machine, "name" | "sim" | "cpus" | "net" | "files" | "root" | "writeback" | "openDcache" | "openProcessTable">
  & Pick<Machine, "disk" | "swap" | "swapSetup" | "corrupted">

/** Takes latencies, in nanoseconds. */
export interface LatencyRecorder {
  readonly record: (ns: number) => void
}

/** A figure that a workload counts. */
export interface Counter {
  value: number
}

/** The operations of a workload. */
export interface Operations {
  done: number
  /** For want of memory, and processes that were killed. */
  failed: number
  /** Of each operation, where the workload says that it has one. */
  readonly latency: LatencyRecorder
}

/**
 * The other hosts of the LAN, and the server, as one client meets them. What other hosts send begins when the client starts.
 */
export interface LanEnd {
  /** Sends datagrams to a socket of the client, with exponential gaps. `stream` names the stream of chance. */
  readonly datagrams: (
    socket: DatagramSocket,
    options: { readonly stream: string; readonly packetsPerSecond: number; readonly bytes: number }
  ) => void
  /** Sends pages over a new connection, as fast as the client takes them. Returns the client's end. */
  readonly stream: (name: string) => TcpSocket
  /**
   * Opens a connection to the server of the client's swap, beside those of NBD. `program` runs there, with the server's end.
   * Returns the client's end, which whoever uses it closes (`letGo`) when it has failed. `lost` is called when an end has gone
   * and both machines are there: the client may open another connection.
   */
  readonly serve: (
    name: string,
    program: (task: Task, socket: TcpSocket) => Sleeps<void>,
    lost: () => void
  ) => TcpSocket
  /** Time until the client starts. */
  readonly startsIn: () => Nanoseconds
}

/** One workload on one client. `Figure` are the names of its metric rows. */
export interface WorkloadHost<Figure extends string = string> {
  /** Name of the client that it belongs to. */
  readonly name: string
  /** The machine that it runs on: the client, or the server of its programs. */
  readonly client: ClientPort
  /** The thin client in front of which its person sits; null: the person sits at `client`. */
  readonly display: Display | null
  readonly lan: LanEnd
  /** Its pages within the files of the client: from `from`, up to and without `to`. */
  readonly files: { readonly from: number; readonly to: number }
  /** Its pages within the root image of the client. */
  readonly rootFiles: { readonly from: number; readonly to: number }
  readonly operations: Operations
  /** Chance of its own: the same names give the same numbers, whatever else runs. */
  readonly random: (...names: ReadonlyArray<string>) => Random
  /** How long ago the workload began: 0, unless the machine has booted again since. */
  readonly since: Nanoseconds
  /**
   * Says that this process is a person and no part of the machine: when the machine loses its power, nobody is there any more.
   */
  readonly person: (process: Process) => void
  /** Starts the process with that number of the plan. A process may be started again when it has ended. */
  readonly fork: (process: number, comm: string, body: (task: KernelTask) => Sleeps<ProcessExit>) => KernelTask
  /** Starts a task without memory of its own, such as a server's: it counts neither as a process nor as work left. */
  readonly daemon: (comm: string, body: (task: KernelTask) => Sleeps<void>) => KernelTask
  readonly counter: (figure: Figure) => Counter
  readonly latency: (figure: Figure) => LatencyRecorder
  /**
   * Says that nothing is wanted of the client for now (true), or something again (false): people think, a class has a
   * break. What makes no progress while it rests is no stall.
   */
  readonly rest: (resting: boolean) => void
  /** Says that it has come to its end. A client whose measured workload never does runs as long as the scenario. */
  readonly done: () => void
}
