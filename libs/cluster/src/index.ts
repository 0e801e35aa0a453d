// Contents page of @swaplab/cluster, in reading order.
export {
  type Base,
  BASE_INFO,
  type BaseInfo,
  baseInfo,
  type KernelSpec,
  noEffect,
  type Patch,
  PATCHES,
  patchesOf,
  type PatchKind,
  type PatchName,
  patchNumber,
  SETTLED_AT_BOOT
} from "@swaplab/kernel"
export { type Client, startLoads } from "./run/client.ts"
export { DROP_SITE_NAMES, DROP_SITES, type Drops, type DropSite, NO_DROPS, totalDrops } from "./run/drop-sites.ts"
export { NO_LATENCY } from "./run/latency.ts"
export type {
  LockupAllocation,
  LockupFailure,
  LockupKind,
  LockupReport,
  LockupTask,
  LockupTaxonomy,
  LockupZone
} from "./run/lockup-report.ts"
export { type Metric, metricOf, metricsOf, portsOf } from "./run/metrics.ts"
export { Replay } from "./run/replay.ts"
export {
  type ApplicationsResult,
  type ClientNetwork,
  type ClientResult,
  type GroupResult,
  type LatencySummary,
  type LawName,
  type LawResult,
  type NetworkResult,
  NO_HOOKS,
  type Outcome,
  OUTCOMES,
  type PortResult,
  type RunHooks,
  type RunProgress,
  type RunResult,
  type Series,
  type SeriesColumn,
  type ServerResult,
  type WorkloadResult,
  type ZoneLowWater
} from "./run/result.ts"
export { runCluster } from "./run/run-cluster.ts"
export { buildCluster, type Cluster } from "./run/topology.ts"
export { knotOf, type WaitEdge, type WaitGraph, type WaitNode, type WaitNodeKind } from "./run/wait-graph.ts"
export { machineFacts } from "./scenario/cards.ts"
export { clientsOf, type ClientSpec, kernelOf } from "./scenario/clients.ts"
export { KernelConfig, kernelNamed, type KernelPatches, kernelPatches } from "./scenario/kernels.ts"
export { decodeScenario, type LoadedScenario, loadScenario, withOverrides } from "./scenario/load.ts"
export { clientFacts, describeLoad, fitsSwap, type Load, loadsOf } from "./scenario/loads.ts"
export { ClientGroup, clientGroupSchema } from "./scenario/machines.ts"
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
export { formatMiss, formatThreshold, keeps, type Threshold } from "./scenario/threshold.ts"
// for tests, and for using what is above without a run
export { madeUpLockup, madeUpResult } from "./run/made-up.ts"
