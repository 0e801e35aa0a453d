/** USER_HZ: /proc tells times in hundredths of a second. */
const TICK_NS = 10_000_000

/** Nanoseconds in the unit of /proc. */
export const ticks = (ns: number): number => Math.floor(ns / TICK_NS)
