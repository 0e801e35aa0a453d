/**
 * {@include ../README.md}
 *
 * @module @swaplab/cluster
 */
export {
  type Base,
  BASE_INFO,
  type BaseInfo,
  baseInfo,
  commOf,
  type KernelSpec,
  nodeFilesOf,
  noEffect,
  type Patch,
  PATCHES,
  patchesOf,
  type PatchKind,
  type PatchName,
  patchNumber,
  type Proc,
  procOf,
  procTree,
  SETTLED_AT_BOOT,
  tasksOf
} from "@swaplab/kernel"
export { cableNamesOf, recordCable } from "./capture/capture.ts"
export { cpuStacks } from "./capture/cpu-stacks.ts"
export { FTRACE_SUBSYSTEMS, type FtraceEvent, ftraceEventsOf } from "./capture/ftrace-events.ts"
export { FtraceRecorder } from "./capture/ftrace.ts"
export { FAULT_NAMES, type FaultName, faultNamed } from "./faults/faults.ts"
export { LIVE_PATCHES, RUNNING_SYSCTLS } from "./faults/kernel-faults.ts"
export type { ClientRun } from "./run/client-run.ts"
export type { Client } from "./run/client.ts"
export { type Advanced, ClusterRun, type ClusterRunOptions } from "./run/cluster-run.ts"
export { COUNTER_NAMES } from "./run/counters.ts"
export { DROP_SITE_NAMES, DROP_SITES, type Drops, type DropSite, NO_DROPS, totalDrops } from "./run/drop-sites.ts"
export { certainLimits, type EarlyStop } from "./run/early-stop.ts"
export { EventLog, type LoggedEvent } from "./run/event-log.ts"
export { CONSEQUENCES, type FaultAftermath, type FaultMark, type FaultResult } from "./run/fault-result.ts"
export {
  fellBehind,
  type FinalPass,
  type GatewayFacts,
  type GatewayResult,
  MAX_BEHIND_NS,
  MAX_HELD_SHARE,
  MAX_LATENESS_P999_NS,
  withGateway
} from "./run/gateway-result.ts"
export { hasLatencies, type Latencies, type LatencySummary, type NoLatencies } from "./run/latency-summary.ts"
export { LatencyHistogram, NO_LATENCY } from "./run/latency.ts"
export { applyChanges, type LiveChange, liveChanges } from "./run/live-change.ts"
export {
  CLIENT_FIGURES,
  CLIENT_STATES,
  type ClientFigure,
  type ClientState,
  LiveColumns,
  SERVER_FIGURES,
  type ServerFigure
} from "./run/live-columns.ts"
export {
  LOCKUP_KINDS,
  LOCKUP_TAXONOMIES,
  type LockupAllocation,
  type LockupFailure,
  type LockupKind,
  type LockupReport,
  type LockupTask,
  type LockupTaxonomy,
  type LockupZone
} from "./run/lockup-report.ts"
export { type Metric } from "./run/metric.ts"
export { metricOf, metricsOf, portsOf, serversWithPorts } from "./run/metrics.ts"
export {
  type CableResult,
  type DirectionResult,
  type NetworkResult,
  type PortResult,
  type SwitchResult
} from "./run/network-result.ts"
export { Replay } from "./run/replay.ts"
export { type PlannedRun, planRequests, type RequestPlan, sequenceOf } from "./run/request-plan.ts"
export { runCluster } from "./run/run-cluster.ts"
export { runTrace } from "./run/run-trace.ts"
export type { Series, SeriesColumn } from "./run/series.ts"
export { type ClientSnapshot, clientSnapshot, type PageUse } from "./run/snapshot.ts"
export { startLoads } from "./run/start-loads.ts"
export {
  type CompressedResult,
  type CryptResult,
  type SwapAreaResult,
  type SwapLayersResult
} from "./run/swap-layers-result.ts"
export { buildCluster, type Cluster } from "./run/topology.ts"
export { knotOf, type WaitEdge, type WaitGraph, type WaitNode, type WaitNodeKind } from "./run/wait-graph.ts"
export { machineFacts } from "./scenario/cards.ts"
export { clientsOf, type ClientSpec, kernelOf } from "./scenario/clients.ts"
export { type CompressedSwap, describeSwapLayers } from "./scenario/compressed-swap.ts"
export { firstBegin } from "./scenario/faults.ts"
export { KernelConfig, kernelNamed, type KernelPatches, kernelPatches } from "./scenario/kernels.ts"
export { decodeScenario, type LoadedScenario, loadScenario, withOverrides } from "./scenario/load.ts"
export { clientFacts, describeLoad, fitsSwap, type Load, loadsOf } from "./scenario/loads.ts"
export { ClientGroup, clientGroupSchema } from "./scenario/machines.ts"
export { describeNuma } from "./scenario/numa.ts"
export { pruneScenario } from "./scenario/prune.ts"
export {
  type CompareConfig,
  type Expectation,
  MAX_MAP_SEEDS,
  MAX_SEEDS,
  Scenario,
  type ScenarioEncoded,
  scenarioJsonSchema,
  scenarioSchema
} from "./scenario/scenario.ts"
export { switchesOf, type SwitchSpec, type UplinkSpec } from "./scenario/switches.ts"
export { formatMiss, formatThreshold, keeps, type Threshold } from "./scenario/threshold.ts"
// for tests, and for using what is above without a run
export { madeUpLatencies, madeUpLockup, madeUpResult } from "./run/made-up.ts"
export {
  type ClientNetwork,
  type ClientResult,
  type GroupResult,
  type LawName,
  type LawResult,
  NO_HOOKS,
  type Outcome,
  OUTCOMES,
  type RunHooks,
  type RunProgress,
  type RunResult,
  type WorkloadResult,
  type ZoneLowWater
} from "./run/result.ts"
export type { ApplicationsResult, ServerResult } from "./run/server-result.ts"
