// What `ethtool -C` sets on a card: `rx-usecs` and `rx-frames`.
// Modelled: which of them a driver takes, and which values. On Intel's cards rx-usecs is the time between two interrupts, and a
//   small number means that it follows the load; on others it is the time that a frame may wait, or rx-frames of them.
// Not modelled: values that a driver takes and then changes to the nearest that its card has (cxgb4): they are refused; Intel's
//   rx-usecs 1, 2 and 4; rx-usecs 0 with frames counted, which waits for frames for ever (tg3).
// source: intel/e1000/e1000_ethtool.c:e1000_set_coalesce, igb/igb_ethtool.c:igb_set_coalesce, ixgbe/ixgbe_ethtool.c:
// ixgbe_set_coalesce; broadcom/tg3.c:tg3_set_coalesce, bnx2.c:bnx2_set_coalesce; chelsio/cxgb4/cxgb4_main.c:set_rxq_intr_params
import type { Card } from "./cards.ts"
import type { Coalescing } from "./moderation.ts"

/** Parameters by their names in ethtool, and what each is. */
export const COALESCE_PARAMETERS = {
  "rx-usecs":
    "microseconds from the first frame to the interrupt (tg3, bnx2, cxgb4), or between two interrupts (e1000, igb, ixgbe), where 0 is no "
    + "limit and 3, for ixgbe 1, follows the load",
  "rx-frames": "frames at which the interrupt comes at once, where the card counts them (tg3, bnx2, cxgb4)"
} as const

/** The name of a parameter. */
export type CoalesceName = keyof typeof COALESCE_PARAMETERS

/** Names of all parameters, in the order of the table. */
export const COALESCE_NAMES = Object.keys(COALESCE_PARAMETERS) as ReadonlyArray<CoalesceName>

/** Values that a driver takes: some by themselves, and a range, which is empty where `min` is above `max`. */
interface Values {
  /** The value that lets the card follow the load, if it can. */
  readonly adaptive: number | null
  readonly values: ReadonlyArray<number>
  readonly min: number
  readonly max: number
}

/** What a driver's `set_coalesce` takes; empty where it has none. */
export type CoalesceKeys = { readonly [K in CoalesceName]?: Values }

/** What was asked of `ethtool -C`: the parameters that were named. */
export type CoalesceAsked = { readonly [K in CoalesceName]?: number | undefined }

/** Why a parameter cannot have that value, or null. */
export const coalesceRefused = (card: Card, asked: CoalesceAsked, name: CoalesceName): string | null => {
  const value = asked[name]
  if (value === undefined) return null
  const keys = card.coalesceKeys[name]
  if (keys === undefined) {
    return Object.keys(card.coalesceKeys).length === 0
      ? "nothing: its driver has no ethtool -C (Operation not supported)"
      : `nothing: its driver takes only ${Object.keys(card.coalesceKeys).join(" and ")}`
  }
  const { max, min, values } = keys
  if (values.includes(value) || (value >= min && value <= max)) return null
  const range = min > max ? [] : [`${min} to ${max}`]
  return [...values.map(String), ...range].join(", ").replace(/, ([^,]*)$/u, " or $1")
}

/** How a card moderates its interrupts on a cable of that rate: as its driver does without ethtool, and what was asked. */
export const coalescingOf = (card: Card, linkBitsPerSecond: number, asked: CoalesceAsked = {}): Coalescing => {
  const own = linkBitsPerSecond < 1e9 ? card.moderatesSlow : card.moderates
  const usecs = asked["rx-usecs"]
  const held = own.rxUsecs > 0
  return {
    ...own,
    ...(asked["rx-frames"] !== undefined && { rxFrames: asked["rx-frames"] }),
    ...(usecs !== undefined && held && { rxUsecs: usecs }),
    ...(usecs !== undefined && !held && usecs !== card.coalesceKeys["rx-usecs"]?.adaptive && {
      gapUsecs: usecs,
      follows: "nothing" as const
    })
  }
}
