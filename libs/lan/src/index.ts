// Contents page of @swaplab/lan, in reading order.
export { DropReason, dropReasonNames, type FrameOps, type Tap } from "./frame-ops.ts"
export { type Framing } from "./framing.ts"
export { type GilbertElliott, type Impairments, type Reordering } from "./impairments.ts"
export { Lan } from "./lan.ts"
export { type BufferOwner, DROPPED, type LinkOptions, PausedBy } from "./link-options.ts"
export { Link } from "./link.ts"
export { type DutyCycle, PauseStorm } from "./pause-storm.ts"
export { Switch, type SwitchOptions } from "./switch.ts"
