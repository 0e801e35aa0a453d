// Contents page of @swaplab/cluster, in reading order.
export {
  ClientGroup,
  type CompareConfig,
  CostConfig,
  type Expectation,
  EXPECTATIONS,
  KernelConfig,
  LanConfig,
  LinkConfig,
  MapConfig,
  NicConfig,
  Scenario,
  type ScenarioEncoded,
  scenarioJsonSchema,
  ServerConfig,
  UsememConfig,
  type WorkloadSize
} from "./scenario/scenario.ts"
export {
  type BitsPerSecond,
  type Bytes,
  formatQuantity,
  type Nanoseconds,
  parseQuantity,
  Percentage,
  Rate,
  RATE,
  type Share,
  SHARE,
  SIZE,
  Size,
  Time,
  TIME,
  type UnitKind
} from "./scenario/units.ts"
export { type ClientSpec, clientsOf, neededSwap, usememBytes } from "./scenario/clients.ts"
export {
  decodeScenario,
  type FileKind,
  type LoadedScenario,
  loadScenario,
  MAX_FILE_BYTES,
  type Override,
  parseOverride,
  ScenarioFiles,
  withOverrides
} from "./scenario/load.ts"
export { type Mapping } from "./scenario/tree.ts"
export { formatThreshold, keeps, parseThreshold, type Threshold } from "./scenario/threshold.ts"
export { formatPath, formatProblem, type Path, type Problem, ScenarioError } from "./scenario/errors.ts"
export { compareNatural } from "./scenario/natural.ts"
export {
  type ClientNetwork,
  type ClientResult,
  type LatencySummary,
  type LawName,
  type LawResult,
  type LockupAllocation,
  type LockupKind,
  type LockupReport,
  type LockupTask,
  type LockupTaxonomy,
  type LockupZone,
  NO_HOOKS,
  type Outcome,
  OUTCOMES,
  type RunHooks,
  type RunProgress,
  type RunResult,
  type Series,
  type SeriesColumn,
  type ServerResult
} from "./run/result.ts"
export { LatencyHistogram, NO_LATENCY } from "./run/latency.ts"
export { type Metric, metricOf, METRICS } from "./run/metrics.ts"
export { type Client, type Cluster, buildCluster } from "./run/topology.ts"
export { runCluster } from "./run/run-cluster.ts"
export { pageCensus, type PageCensus } from "./run/laws.ts"
