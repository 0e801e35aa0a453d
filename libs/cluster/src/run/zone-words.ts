// How a wait-for graph and a lockup report see the free pages of a zone.
import type { Machine } from "@swaplab/kernel"
import type { Refusal, Zone } from "@swaplab/page-alloc"

const positionIn = (refusal: Refusal, zone: Zone): number => refusal.zone.subarray(0, refusal.zones).indexOf(zone.slot)

/** On several nodes: a memory policy, a cpuset or its mask keeps the request that was refused from this zone. */
export const isClosed = ({ numa }: Pick<Machine["pages"], "numa">, refusal: Refusal | null, zone: Zone): boolean =>
  refusal !== null && numa !== null && numa.nodes > 1 && positionIn(refusal, zone) < 0

/** A zone as the request sees it that was refused. */
export const zoneInWords = (zone: Zone, refusal: Refusal | null, pages: Pick<Machine["pages"], "numa">): string => {
  const at = refusal === null ? -1 : positionIn(refusal, zone)
  if (at >= 0 && refusal !== null) return `${zone.label} ${zone.free} free, floor ${refusal.floor[at]}`
  return `${zone.label} ${zone.free} free, ${
    isClosed(pages, refusal, zone) ? "closed to it" : `min ${zone.watermark[0]}`
  }`
}
