// Contents page of @swaplab/experiment, in reading order.
export { Board } from "./board.ts"
export { type NamedSeries, packResult, packSeries, unpackResult, unpackSeries } from "./codec.ts"
export {
  type ComparedRow,
  type ComparedTime,
  compareKernels,
  type Comparison,
  comparisonsOf,
  runsOf
} from "./comparison.ts"
export {
  type ExperimentOptions,
  type ExperimentProgress,
  type ExperimentResult,
  type MapCell,
  type OutcomeMap,
  runExperiment
} from "./experiment.ts"
export { layerScenarioFiles, RESULT_FILES, writeResults } from "./files.ts"
export { type Axis, type Job, makePlan, type MapField, type MapPlan, type Plan, type PlanOptions } from "./plan.ts"
export { RunFailure, RunJob } from "./protocol.ts"
export { type KernelSummary, RESULT_FORMAT, type ResultJson, resultJson, summarise } from "./result-json.ts"
export { layerInProcess, layerWorkerMain, layerWorkers, Runner, type Simulate } from "./runner.ts"
export { seriesCsv } from "./series-csv.ts"
export {
  type Averaging,
  type Estimate,
  type Faster,
  faster,
  meanEstimate,
  medianOf,
  mmtestsEstimate,
  pairedDifference,
  significant,
  wilson
} from "./statistics.ts"
export { EXIT, expectationOf, type Finding, judge, type Verdict } from "./verdict.ts"
