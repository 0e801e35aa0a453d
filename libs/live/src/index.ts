/**
 * {@include ../README.md}
 *
 * @module @swaplab/live
 */
export { type Act, asFile, withActs } from "./acts.ts"
export { Engine, type Host } from "./engine.ts"
export { History } from "./history.ts"
export { type Moments } from "./moments.ts"
export {
  type Answer,
  type Batch,
  type ClientFacts,
  type Ended,
  type Facts,
  type Opened,
  type Play,
  type Progress,
  type Request
} from "./protocol.ts"
// a run that was recorded
export { NoColumn, recordedRows } from "./recorded.ts"
export { factsOf, type Session } from "./session.ts"
export { type Seen, SharedRun } from "./shared-run.ts"
export { type Ask, LiveRpcs, unpackBatch, type Update } from "./wire.ts"
