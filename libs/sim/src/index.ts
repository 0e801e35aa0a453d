/**
 * {@include ../README.md}
 *
 * @module @swaplab/sim
 */
export { assert, AssertionError } from "./assert.ts"
export { ColumnBuffer } from "./columns.ts"
export { keepAsDoubles, WIDE } from "./doubles.ts"
export { exp, log } from "./elementary.ts"
export {
  type EventKind,
  type EventKindOptions,
  EventQueue,
  formatFingerprint,
  type Nanoseconds
} from "./event-queue.ts"
export { type Dispatcher, Process, type ProcessState, type Sleeps } from "./process.ts"
export { Random } from "./random.ts"
export { type BlockedTask, type RunEnd, Sim, type SimOptions } from "./sim.ts"
export { Timer } from "./timer.ts"
export { Tracepoint, TraceRegistry, type TraceSink } from "./trace.ts"
export { WaitQueue } from "./wait-queue.ts"
