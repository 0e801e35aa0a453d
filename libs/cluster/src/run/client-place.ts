// What machines of a cluster that run programs are put into, and made of.
import type { Machine } from "@swaplab/kernel"
import type { Packets } from "@swaplab/net-skb"
import type { Sim } from "@swaplab/sim"
import type { WorkloadTable } from "@swaplab/workload"
import type { Load } from "../scenario/loads.ts"
import type { CostConfig } from "../scenario/machines.ts"
import type { Scenario } from "../scenario/scenario.ts"
import type { Network } from "./network.ts"
import type { Server } from "./server.ts"

/** What a client is put into. */
export interface ClientPlace {
  readonly sim: Sim
  readonly scenario: Scenario
  readonly workloads: WorkloadTable
  readonly packets: Packets
  readonly network: Network
  readonly servers: ReadonlyArray<Server>
}

/**
 * The processes of all loads, and others of so many pages. Those in front that are as large as the first are kept as equal ones:
 * a table finds their owner at once.
 */
export const addressSpaces = (
  loads: ReadonlyArray<Load>,
  others: ReadonlyArray<number> = []
): Pick<Machine["spec"], "processes" | "pagesPerProcess" | "otherProcesses"> => {
  const pages = [...loads.flatMap(({ plan }) => plan.processes), ...others]
  const different = pages.findIndex((count) => count !== pages[0])
  const processes = different < 0 ? pages.length : different
  return { processes, pagesPerProcess: pages[0] ?? 1, otherProcesses: pages.slice(processes) }
}

/** Processes of all loads. */
export const processesOf = (loads: ReadonlyArray<Load>): number =>
  loads.reduce((sum, { plan }) => sum + plan.processes.length, 0)

/** CPU time of a kernel, in its own terms. */
export const costsOf = (costs: CostConfig): Machine["costs"] => ({
  minorFaultNs: costs.minorFault,
  touchNs: costs.touch,
  scanPageNs: costs.scanPage,
  unmapPageNs: costs.unmapPage,
  swapOutPageNs: costs.swapOutPage,
  packetNs: costs.packet,
  mergedPacketNs: costs.mergedPacket,
  perKiBNs: costs.perKiB,
  contextSwitchNs: costs.contextSwitch,
  pageAccessNs: costs.pageAccess
})
