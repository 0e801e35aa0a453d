// How a wait-for graph and a lockup report see the free pages of a zone.
import type { Machine } from "@swaplab/kernel"
import type { Refusal, Zone } from "@swaplab/page-alloc"

const positionIn = (refusal: Refusal, zone: Zone): number => refusal.zone.subarray(0, refusal.zones).indexOf(zone.slot)

/** On several nodes: a memory policy, a cpuset or its mask keeps the request that was refused from this zone. */
export const isClosed = ({ numa }: Pick<Machine["pages"], "numa">, refusal: Refusal | null, zone: Zone): boolean =>
  refusal !== null && numa !== null && numa.nodes > 1 && positionIn(refusal, zone) < 0

/** The zones of a machine as the request sees them that was refused. */
export const zonesInWords = (pages: Machine["pages"], refusal: Refusal | null): ReadonlyArray<string> =>
  pages.populatedZones.map((zone) => {
    const at = refusal === null ? -1 : positionIn(refusal, zone)
    if (at >= 0 && refusal !== null) return `${zone.label} ${zone.free} free, floor ${refusal.floor[at]}`
    const limit = isClosed(pages, refusal, zone) ? "closed to it" : `min ${zone.watermark[0]}`
    return `${zone.label} ${zone.free} free, ${limit}`
  })
