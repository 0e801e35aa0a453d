// Contents page of @swaplab/nbd-driver, in reading order.
export { NbdDevice } from "./nbd-device.ts"
export type { NbdCosts, NbdCounters, NbdOptions } from "./nbd-options.ts"
export { type Transport } from "./transport.ts"
