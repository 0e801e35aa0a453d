/**
 * {@include ../README.md}
 *
 * @module @swaplab/nbd-driver
 */
export { NbdDevice } from "./nbd-device.ts"
export type { NbdCosts, NbdCounters, NbdOptions } from "./nbd-options.ts"
export { type Transport } from "./transport.ts"
