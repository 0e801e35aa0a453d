// Contents page of @swaplab/nbd-driver, in reading order.
export { type NbdCosts, type NbdCounters, NbdDevice, type NbdOptions } from "./nbd-device.ts"
export { type Transport } from "./transport.ts"
