// When two faults contradict each other: both set the same part of the same thing.
import { faultNamed } from "../faults/faults.ts"
import { type FaultConfig, optionsOf } from "./faults.ts"

/** At one place and at one time only one of these two can be. */
export const contradict = (a: FaultConfig, b: FaultConfig): boolean => {
  const [one, other] = [faultNamed(a.what), faultNamed(b.what)]
  if (one.on !== other.on || one.sets !== other.sets) return false
  const [parts, others] = [one.parts?.(optionsOf(a)), other.parts?.(optionsOf(b))]
  return parts === undefined || others === undefined || parts.some((part) => others.includes(part))
}
