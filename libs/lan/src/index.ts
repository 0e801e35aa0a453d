// Contents page of @swaplab/lan, in reading order.
export { DropReason, dropReasonNames, type FrameOps, type Tap, TapEvent } from "./frame-ops.ts"
export { ETHERNET, ETHERNET_WITH_HEADER, type Framing, storedBytes, wireBytes } from "./framing.ts"
export { headroomBytes } from "./ingress-pause.ts"
export { Lan } from "./lan.ts"
export { type BufferOwner, DROPPED, Link, type LinkOptions } from "./link.ts"
export { Switch, type SwitchOptions } from "./switch.ts"
