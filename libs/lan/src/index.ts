/**
 * {@include ../README.md}
 *
 * @module @swaplab/lan
 */
export { Aggregate, type AggregateMember, type AggregateOptions } from "./aggregate.ts"
export { DropReason, dropReasonNames, type FrameOps, type Tap, TapEvent } from "./frame-ops.ts"
export { type Framing } from "./framing.ts"
export { type GilbertElliott, type Impairments, type Reordering } from "./impairments.ts"
export { Lan } from "./lan.ts"
export { type Collector } from "./link-end.ts"
export { type BufferOwner, DownBy, DROPPED, type LinkOptions, PausedBy } from "./link-options.ts"
export { Link } from "./link.ts"
export { type DutyCycle, PauseStorm } from "./pause-storm.ts"
export { type SwitchOptions } from "./switch-options.ts"
export { Switch } from "./switch.ts"
