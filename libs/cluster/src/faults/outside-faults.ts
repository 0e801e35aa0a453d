// Faults of a server outside of the simulation: somebody else makes them there, and the gateway sees what comes of them.
import type { SERVER_FAULTS } from "@swaplab/nbd"
import type { Gateway } from "@swaplab/server-model"
import type { ActiveFault } from "./fault-kind.ts"

/** What the gateway has seen so far that a fault may have done, and what it is doing at the moment. */
interface Seen {
  readonly soFar: (gateway: Gateway) => number
  readonly now?: (gateway: Gateway) => number
}

const SEEN: Readonly<Record<keyof typeof SERVER_FAULTS, Seen>> = {
  "slow-disk": { soFar: ({ slow }) => slow },
  "disk-full": { soFar: ({ errors }) => errors },
  errors: { soFar: ({ errors }) => errors },
  // who waits at its end is answered afterwards
  pause: { soFar: ({ slow }) => slow, now: ({ waiting }) => waiting },
  restart: { soFar: ({ lost }) => lost }
}

/** Begins a fault of that name. `hits`: what its figure is called. A name that servers outside do not know is a mistake of the caller. */
export const beginOutside = (
  gateway: Gateway,
  what: string,
  options: Readonly<Record<string, unknown>>,
  hits: string
): ActiveFault => {
  const seen = SEEN[what as keyof typeof SEEN]
  if (seen === undefined) throw new Error(`${what} is no fault of a server outside`)
  const { now = () => 0, soFar } = seen
  const before = soFar(gateway)
  const end = gateway.remote.fault?.(what, options) ?? (() => {})
  return { end, effects: () => [[hits, soFar(gateway) - before + now(gateway)]] }
}
