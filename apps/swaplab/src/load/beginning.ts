// The beginning of a plan: clients may swap nothing for a while, which is left out.
import type { RequestPlan } from "@swaplab/cluster"

/** The requests of the first `ns` nanoseconds from the first request on, which is sent at once. */
export const beginningOf = (
  { atNs, client, clients, length, offset, type }: RequestPlan,
  ns: number
): RequestPlan => {
  const from = atNs[0] ?? 0
  const found = atNs.findIndex((at) => at > from + ns)
  const end = found < 0 ? atNs.length : found
  return {
    clients,
    client: client.slice(0, end),
    atNs: atNs.slice(0, end).map((at) => at - from),
    type: type.slice(0, end),
    offset: offset.slice(0, end),
    length: length.slice(0, end)
  }
}
