// The kernels to start from, as sets of patches. All of them are put on the tree of Linux 3.5: what else changed between
// the trees that a posting was made for is not modelled.
import { PATCHES, type PatchName } from "./patches.ts"

/** A base as a row of the table. */
interface BaseRow {
  readonly meaning: string
  readonly patches: ReadonlyArray<PatchName>
  readonly unverified: ReadonlyArray<string>
}

const names = (...kinds: ReadonlyArray<string>): ReadonlyArray<PatchName> =>
  PATCHES.filter(({ kind }) => kinds.includes(kind)).map(({ name }) => name)

/** V9 of April 2012: SLUB tests on its fast path, and pages are marked after any success of the slow path. */
const V9: ReadonlyArray<PatchName> = [
  ...names("series").filter((name) => name !== "slub-fast-path" && name !== "pfmemalloc-if-needed"),
  "slab-skips-first"
]
const V36 = names("series", "stream-fix", "release")

const SIZES = "structure sizes are those compiled from 3.6; 3.5's were not compiled"
const PRESENT = "pages present in each zone at boot are presets"

const TABLE = {
  "v3.5": { meaning: "before the series", patches: [], unverified: [SIZES, PRESENT] },
  "feb-2012": {
    meaning: "V8 of the series with the slab patch as revised on 2012-02-10",
    patches: [...V9, "throttle-v8"],
    unverified: [
      "of V8 only the slab patch was read; the others are taken from the merged series",
      "how V8 noticed PF_MEMALLOC in a softirq: V9's changelog says that V9 does it properly",
      "that V8 lets kswapd sleep and throttles without limit follows from V9's changelog",
      "put on 3.5 instead of 3.3: + netdev-kmalloc gives the receive buffers of that time"
    ]
  },
  v9: {
    meaning: "V9 of 2012-04-16",
    patches: V9,
    unverified: [
      "V9's code was not read, only its cover letter: handling of slabs and marks as in February",
      "put on 3.5 instead of 3.4-rc2: + netdev-kmalloc gives the receive buffers of that time"
    ]
  },
  "v3.6": {
    meaning: "the series as merged (v15) and the rest of 3.6 that the model knows",
    patches: V36,
    unverified: [
      "the order of 7 to 12, and the commit ids with a star, stood in no source that was read",
      "the state right after patch 1 alone: v3.5 + slab-knowledge is an inference",
      PRESENT
    ]
  },
  "v3.6-P": {
    meaning: "v3.6 whose receive buffers are all marked when they come from the reserve",
    patches: [...V36, "netdev-kmalloc"],
    unverified: ["no such kernel existed: it is the series on the receive buffers that it was written for", PRESENT]
  }
} as const satisfies Record<string, BaseRow>

/** A base that a kernel can start from. */
export type Base = keyof typeof TABLE

/** What a base is, and what of it nobody could check. */
export interface BaseInfo extends BaseRow {
  readonly name: Base
}

/** Names of the bases, oldest first. */
export const BASES = Object.keys(TABLE) as ReadonlyArray<Base>

/** What the base of that name is. */
export const baseInfo = (base: Base): BaseInfo => ({ name: base, ...TABLE[base] })

/** All bases, in the same order. */
export const BASE_INFO: ReadonlyArray<BaseInfo> = BASES.map(baseInfo)
