/**
 * {@include ../README.md}
 *
 * @module @swaplab/workload
 */
export { readDatagrams } from "./background/read-socket.ts"
export { hog } from "./hog.ts"
export type { Display } from "./plug-in/display.ts"
export { type ProcessExit, worstExit } from "./plug-in/exit.ts"
export type {
  ClientPort,
  Counter,
  LanEnd,
  LatencyRecorder,
  MemoryPort,
  Operations,
  WorkloadHost
} from "./plug-in/host.ts"
export type { MetricRow, OperationRow } from "./plug-in/metric-row.ts"
export { type ClientFacts, equalProcesses, type ProcessPlan } from "./plug-in/plan.ts"
export { counts, type Quantity, sizes } from "./plug-in/shrink.ts"
export {
  type IdleOption,
  type OptionAdvice,
  type OptionRule,
  type Workload,
  workload,
  type WorkloadTable
} from "./plug-in/workload.ts"
export { writeAll } from "./touch.ts"
export { usemem, type UsememOptions } from "./usemem.ts"
export { WORKLOADS } from "./workloads.ts"
