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
export { outcomeOfExits } from "./run/client-run.ts"
export { type Client, startLoads } from "./run/client.ts"
export { DROP_SITE_NAMES, DROP_SITES, type Drops, type DropSite, NO_DROPS, totalDrops } from "./run/drop-sites.ts"
export { LatencyHistogram, NO_LATENCY } from "./run/latency.ts"
export {
  LITTLE_TOLERANCE,
  littlesLaw,
  packetsConserved,
  type PageCensus,
  pageCensus,
  pagesConserved,
  receivedConserved,
  retransmitsExplained,
  swapTokens,
  switchConserved
} from "./run/laws.ts"
export type {
  LockupAllocation,
  LockupFailure,
  LockupKind,
  LockupReport,
  LockupTask,
  LockupTaxonomy,
  LockupZone
} from "./run/lockup-report.ts"
export { type LockupFacts, lockupReport } from "./run/lockup.ts"
export { type Metric, metricOf, metricsOf, portsOf } from "./run/metrics.ts"
export { isLivelock, ReclaimWatch, type ScanningWindow } from "./run/reclaim-watch.ts"
export { Replay } from "./run/replay.ts"
export {
  type ClientNetwork,
  type ClientResult,
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
export { graphText, knotOf, type WaitEdge, type WaitGraph, type WaitNode, type WaitNodeKind } from "./run/wait-graph.ts"
export { proofNs, type Verdict, Watchdog, WATCHDOG_PERIOD_NS, type WatchdogOptions } from "./run/watchdog.ts"
export { machineFacts } from "./scenario/cards.ts"
export { clientsOf, type ClientSpec, kernelOf } from "./scenario/clients.ts"
export {
  type IdlePatch,
  idlePatches,
  KernelConfig,
  kernelNamed,
  type KernelPatches,
  kernelPatches,
  PATCH_NAMES
} from "./scenario/kernels.ts"
export { decodeScenario, type LoadedScenario, loadScenario, MAX_FILE_BYTES, withOverrides } from "./scenario/load.ts"
export { clientFacts, describeLoad, fitsSwap, type Load, loadsOf } from "./scenario/loads.ts"
export {
  ClientGroup,
  clientGroupSchema,
  CostConfig,
  LanConfig,
  LinkConfig,
  NicConfig,
  ServerConfig
} from "./scenario/machines.ts"
export { pruneScenario } from "./scenario/prune.ts"
export {
  type CompareConfig,
  type Expectation,
  EXPECTATIONS,
  MapConfig,
  MAX_MAP_SEEDS,
  MAX_SEEDS,
  Scenario,
  type ScenarioEncoded,
  scenarioJsonSchema,
  scenarioSchema
} from "./scenario/scenario.ts"
export { formatMiss, formatThreshold, keeps, parseThreshold, type Threshold } from "./scenario/threshold.ts"
