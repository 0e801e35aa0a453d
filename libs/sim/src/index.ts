// Contents page of @swaplab/sim, in reading order.
export { assert, AssertionError } from "./assert.ts"
export { exp, log } from "./elementary.ts"
export {
  type EventKind,
  type EventKindOptions,
  EventQueue,
  MAX_EVENTS_PER_INSTANT,
  MAX_TIME,
  type Nanoseconds
} from "./event-queue.ts"
export { type Dispatcher, Process, type ProcessState, type Sleeps } from "./process.ts"
export { Random } from "./random.ts"
export { type BlockedTask, type RunEnd, Sim, type SimOptions } from "./sim.ts"
export { Timer } from "./timer.ts"
export { Tracepoint, TraceRegistry, type TraceSink } from "./trace.ts"
export { WaitQueue } from "./wait-queue.ts"
