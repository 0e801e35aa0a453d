// The workloads of swaplab. The first of those that are measured is a scenario's default; loads in the background are
// started in this order.
import { tcpFlood, udpFlood } from "./background/floods.ts"
import { hackbench } from "./background/hackbench.ts"
import { homeRead, homeWrite, video } from "./background/home.ts"
import { iozone } from "./background/iozone.ts"
import { kernelBuild } from "./background/kernel-build.ts"
import { netperfTcp, netperfUdp } from "./background/netserver.ts"
import { programText } from "./background/program-text.ts"
import { sysbench } from "./background/sysbench.ts"
import type { WorkloadTable } from "./plug-in/workload.ts"
import { session } from "./session/session.ts"
import { swapTrace } from "./trace/swap-trace.ts"
import { usememWorkload } from "./usemem-workload.ts"

/**
 * Every workload of swaplab, by its name in scenarios, metrics and results.
 *
 * **When to use.** As the table for loading and running, which is the default everywhere; spread it into a table with
 * rows of your own.
 *
 * **Details.** See {@link Workload} for what a row says.
 *
 * **Gotchas.** The order counts: the first that is measured (`usemem`) is the default of a scenario, and background
 * loads start in it.
 */
export const WORKLOADS = {
  usemem: usememWorkload,
  session,
  swapTrace,
  udpFlood,
  netperfUdp,
  tcpFlood,
  netperfTcp,
  kernelBuild,
  hackbench,
  iozone,
  sysbench,
  programText,
  homeRead,
  homeWrite,
  video
} as const satisfies WorkloadTable
