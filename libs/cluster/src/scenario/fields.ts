// Building blocks of the scenario's schema: names, and ranges that several keys have.
import { RATE, Rate, SIZE, Size, TIME, Time, within } from "@swaplab/config"
import { Schema } from "effect"

/** Names of kernels, scenarios and client groups. No dot: a dot separates the steps of a --set path. */
export const KERNEL_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,39}$/

export const name = Schema.String.pipe(
  Schema.pattern(KERNEL_NAME, { title: "a name of letters, digits, - and _", description: "a name" })
)

export const KIB = 1024
export const MIB = 1024 * KIB
export const GIB = 1024 * MIB
export const US = 1e3
export const MS = 1e6
export const S = 1e9

/** Memory of a client. */
export const ram = within(Size, SIZE, { min: 8 * MIB, max: 64 * GIB })
export const positiveTime = within(Time, TIME, { min: 1 })
export const positiveRate = within(Rate, RATE, { min: 1000 })
/** A link or switch must hold one full frame. */
export const buffer = within(Size, SIZE, { min: 2 * KIB, max: GIB })
