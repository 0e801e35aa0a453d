// Contents page of @swaplab/lan, in reading order.
export { DropReason, dropReasonNames, type FrameOps, type Tap } from "./frame-ops.ts"
export { type Framing } from "./framing.ts"
export { Lan } from "./lan.ts"
export { type BufferOwner, DROPPED, Link, type LinkOptions } from "./link.ts"
export { Switch, type SwitchOptions } from "./switch.ts"
