/**
 * {@include ../README.md}
 *
 * @module @swaplab/experiment
 */
export { ablationCsv, ablationJson } from "./ablation-json.ts"
export {
  type AblationResult,
  concludeAblation,
  type PatchEffect,
  type PatchFinding,
  type PatchVerdict,
  type VariantSummary
} from "./ablation-result.ts"
export {
  type AblationOptions,
  type AblationPlan,
  type Allocator,
  type Change,
  makeAblation,
  type Variant
} from "./ablation.ts"
export { Board } from "./board.ts"
export { type Advice } from "./capacity/advice.ts"
export { type Bottleneck, findBottleneck, type Limit, nextOf } from "./capacity/bottleneck.ts"
export { capacityCsv, capacityJson } from "./capacity/capacity-json.ts"
export { type Capacity, type CapacityOptions, type Demand, findCapacity, type Sample } from "./capacity/capacity.ts"
export { type Progress } from "./capacity/forecast.ts"
export { atLevel, type Ladder, type LadderOptions, makeLadder } from "./capacity/ladder.ts"
export { type CapacitySearch, type SearchState } from "./capacity/search.ts"
export { demandsOf, kernelFor, type Situation, withDemands } from "./capacity/situation.ts"
export { PROVING_SEEDS } from "./capacity/trial-seeds.ts"
export { type CellLockup, cellOf, type CellResult } from "./cell.ts"
export { packResult, unpackResult } from "./codec.ts"
export { type ComparedRow, type ComparedTime, type Comparison, comparisonsOf, runsOf } from "./comparison.ts"
export { type DifferingRun, differingRuns } from "./differing-runs.ts"
export {
  type ComparedRun,
  type ComparedRuns,
  compareEvents,
  type Divergence,
  LONGEST_STRETCH,
  type Stretch
} from "./divergence.ts"
export {
  experimentOf,
  type ExperimentResult,
  type Kept,
  keptForm,
  keptOf,
  type MapCell,
  mapOf,
  type OutcomeMap,
  runExperiment,
  type RunExperimentOptions
} from "./experiment.ts"
export { explainTimeout, type TimeoutExplanation } from "./explain-timeout.ts"
export { explain, type ExplainOptions, type Explanation } from "./explain.ts"
export { type Counterfactual, type Fate } from "./fate.ts"
export { jsonFile, RESULT_FILES, resultFiles, writeFiles } from "./files.ts"
export { makeFolder, NoFolder } from "./folder.ts"
export { CELL_FORM, type Form } from "./form.ts"
export {
  type ExperimentOptions,
  type ExperimentProgress,
  type JobOptions,
  type JobResults,
  type JobStore
} from "./jobs.ts"
export { mapCsv, mapJson } from "./map-json.ts"
export { endedRuns } from "./outcome-counts.ts"
export { type Job, makePlan, type MapPlan, type Plan, type PlanOptions } from "./plan.ts"
export { RunFailure } from "./protocol.ts"
export { parseAxis } from "./range.ts"
export { reasonOf } from "./reason.ts"
export { type NamedBytes, readRecording, type RecordedRun, type Recording } from "./recording.ts"
export { type KernelSummary, type ResultJson, resultJson, summarise } from "./result-json.ts"
export { type ClientSpread, type RunMetrics } from "./run-metrics.ts"
export { openRunStore, type RunStore, StoreMismatch, type StoreOptions } from "./run-store.ts"
export { layerInProcess, layerWorkerMain, layerWorkers, NOT_BEGUN, Runner, type Simulate } from "./runner.ts"
export {
  chooseLockup,
  chooseRun,
  chooseTimeout,
  type LockupChoice,
  readResult,
  type SavedLockup,
  type SavedNetwork,
  type SavedResult,
  type SavedRun
} from "./saved-result.ts"
export { seriesCsv } from "./series-csv.ts"
export { type KeptTraces, readServerTraces, SERVER_TRACE_FILE, serverTraceFiles } from "./server-trace.ts"
export { type LostStep } from "./shrink-search.ts"
export { shrink, type ShrinkOptions, type ShrinkProgress, type Shrunk } from "./shrink.ts"
export { type Estimate, type Faster, medianOf } from "./statistics.ts"
export { demandedValue, findTypicalRuns, type TypicalRun } from "./typical-runs.ts"
export { EXIT, expectationOf, type Finding, judge, judgeRuns, type Verdict } from "./verdict.ts"
// sweeps
export { axisNumbers } from "./sweep/axis-values.ts"
export { type DrawnAxis, looksDrawn, parseDrawn } from "./sweep/draws.ts"
export { type Axis, type AxisValue, type Field } from "./sweep/grid.ts"
export { impreciseCells, LEAST_SEEDS, makeRounds, metricEstimate, relativeError } from "./sweep/precision.ts"
export { runRounds } from "./sweep/rounds.ts"
export { type NoSteadyState, type SteadyState } from "./sweep/steady.ts"
export { sweepCsv, sweepJson } from "./sweep/sweep-json.ts"
export { defaultMetrics, parseMetric, type SweepMetric } from "./sweep/sweep-metrics.ts"
export {
  makeSweep,
  type SweepCell,
  sweepOf,
  type SweepOptions,
  type SweepPlan,
  type SweepResult
} from "./sweep/sweep.ts"
// two results side by side
export {
  type CellPair,
  cellWords,
  chosenCells,
  pairCells,
  parseChoice,
  type ResultChoice
} from "./compare/choose-cells.ts"
export {
  type BothWays,
  bothWays,
  type CellComparison,
  compareCells,
  type MetricDifference,
  verdictOf
} from "./compare/compare-cells.ts"
export { readCells, type SavedCell, type SavedCells } from "./compare/saved-cells.ts"
export { differencesOf, type Differing } from "./compare/scenario-difference.ts"
// what is found in sweeps, and which assumption matters
export { type BoundPoint, type Bounds, MOST_LITTLE_ERROR, sweepBounds } from "./analysis/bounds.ts"
export { type Curve, curvesOf, shortNames } from "./analysis/curves.ts"
export { type EstimatedDefault, type EstimatesFound, estimatesOf } from "./analysis/estimates.ts"
export { type Offer, type Pareto, paretoOf, priceOf } from "./analysis/pareto.ts"
export { type CurveFit, fitCurves, mayFit } from "./analysis/scalability.ts"
export {
  type Influence,
  makeSensitivity,
  type Sensitivity,
  sensitivityJson,
  sensitivityOf,
  type SensitivityOptions,
  type SensitivityPlan
} from "./analysis/sensitivity.ts"
export { uslAt, type UslCoefficients, type UslFit, type UslPoint } from "./analysis/usl.ts"
// soak tests
export { type Drawn, drawScenario } from "./soak/draw-scenario.ts"
export { type SoakFinding } from "./soak/findings.ts"
export { findAgain, shrinkFinding } from "./soak/shrink-finding.ts"
export { EVERYTHING, loadSoak, type SoakPlan, type Tolerated } from "./soak/soak-file.ts"
export {
  runsFor,
  runSoak,
  type Soak,
  SOAK_FORM,
  type SoakExample,
  type SoakGroup,
  type SoakOptions,
  type SoakRun,
  type SoakTally
} from "./soak/soak.ts"

// files that people have
export { besideOf, type BesideRow } from "./import/beside.ts"
export { type ImportFile, type NotUnderstood, type Statement } from "./import/draft.ts"
export { formsInWords, IMPORT_FORMS } from "./import/forms.ts"
export { type Imported, type ImportMistake, importScenario, importServerConfig } from "./import/import.ts"
