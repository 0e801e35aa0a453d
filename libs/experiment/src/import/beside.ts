// A machine beside the emulated one that was made of its files: watermarks, reserves, per-CPU lists, object sizes, figure by figure.
// Ours are read back from /proc of the emulated client, by the same readers as theirs.
import type { Scenario } from "@swaplab/cluster"
import { ClusterRun, procOf } from "@swaplab/cluster"
import { type MemoryFacts, readSlabinfo, readZoneinfo, type SlabFacts, type ZoneFacts } from "@swaplab/formats"

/** One figure of both machines. Null: that machine does not have it. */
export interface BesideRow {
  /** "DMA32", "size-64". */
  readonly of: string
  readonly figure: string
  readonly theirs: number
  readonly ours: number | null
}

const ZONE_FIGURES: ReadonlyArray<readonly [figure: string, of: (zone: ZoneFacts) => number | undefined]> = [
  ["present pages", ({ managed, present }) => managed ?? present],
  ["min", ({ min }) => min],
  ["low", ({ low }) => low],
  ["high", ({ high }) => high],
  ["per-CPU high", ({ pcpHigh }) => pcpHigh],
  ["per-CPU batch", ({ pcpBatch }) => pcpBatch]
]

const ZONES = ["DMA", "DMA32", "Normal"]

const zoneRows = (theirs: ZoneFacts, ours: ZoneFacts | undefined): ReadonlyArray<BesideRow> => [
  ...ZONE_FIGURES.flatMap(([figure, of]) => {
    const value = of(theirs)
    return value === undefined ? [] : [{
      of: theirs.name,
      figure,
      theirs: value,
      ours: (ours === undefined ? undefined : of(ours)) ?? null
    }]
  }),
  ...theirs.protection.slice(0, ZONES.length).flatMap((pages, i) =>
    pages === 0 && (ours?.protection[i] ?? 0) === 0
      ? []
      : [{ of: theirs.name, figure: `protected from ${ZONES[i]}`, theirs: pages, ours: ours?.protection[i] ?? null }]
  )
]

const SLAB_FIGURES: ReadonlyArray<readonly [figure: string, of: (slab: SlabFacts) => number]> = [
  ["object bytes", ({ objectSize }) => objectSize],
  ["objects a slab", ({ objectsPerSlab }) => objectsPerSlab],
  ["pages a slab", ({ pagesPerSlab }) => pagesPerSlab]
]

/** Caches that both machines have. */
const slabRows = (theirs: MemoryFacts, ours: MemoryFacts): ReadonlyArray<BesideRow> =>
  theirs.slabs.flatMap((slab) => {
    const own = ours.slabs.find(({ name }) => name === slab.name)
    return own === undefined ? [] : SLAB_FIGURES.map(([figure, of]) => ({
      of: slab.name,
      figure,
      theirs: of(slab),
      ours: of(own)
    }))
  })

/** The first client of the scenario beside the machine. */
export const besideOf = (facts: MemoryFacts, scenario: Scenario): ReadonlyArray<BesideRow> => {
  const [kernel] = Object.keys(scenario.kernels)
  const run = new ClusterRun(scenario, kernel, scenario.seeds[0])
  const proc = procOf(run.clients[0].client.machine)
  const zones = readZoneinfo(proc.zoneinfo()).value
  const ours = { ...zones, slabs: readSlabinfo(proc.slabinfo()).value.slabs }
  return [
    ...facts.zones.flatMap((zone) => zoneRows(zone, zones.zones.find(({ name }) => name === zone.name))),
    ...slabRows(facts, ours)
  ]
}
