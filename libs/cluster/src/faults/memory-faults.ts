// Kernel memory that fails by order: Linux's fault injection, with its own names and defaults.
import {
  field,
  formatQuantity,
  maybe,
  Percentage,
  required,
  SHARE,
  SIZE,
  Size,
  text,
  whole,
  yesNo
} from "@swaplab/config"
import { Failslab } from "@swaplab/kmem"
import { FailPageAlloc, FaultAttr, type FaultAttrOptions, PAGE_SIZE } from "@swaplab/page-alloc"
import type { Random } from "@swaplab/sim"
import { Schema } from "effect"
import { faultKind } from "./fault-kind.ts"

const attributes = {
  ...required(
    "probability",
    Percentage,
    "Of each allocation that the filters let through. Linux takes whole per cents."
  ),
  interval: field(whole(1), 1, "Only every so many-th of these is looked at."),
  times: maybe(whole(1), "So many failures, then none. Without it: no limit (Linux: -1)."),
  task: maybe(
    text,
    "Only tasks of this name, such as nbd0, and never in an interrupt (make-it-fail). Without it: everybody."
  ),
  ignoreGfpWait: field(yesNo, true, "Allocations that may sleep do not fail (ignore-gfp-wait). True in Linux.")
}

type Attributes = Schema.Struct.Type<typeof attributes>

const attrOf = (options: Attributes, space: number, chance: Random): FaultAttr => {
  const { interval, probability, task, times } = options
  const given: FaultAttrOptions = {
    probability,
    interval,
    space,
    ...(times !== undefined && { times }),
    ...(task !== undefined && { task })
  }
  return new FaultAttr(given, chance)
}

const effectsOf = ({ asked, failed }: FaultAttr): ReadonlyArray<readonly [string, number]> => [
  ["allocations failed", failed],
  ["allocations asked for", asked]
]

const share = ({ probability, task }: Attributes): string =>
  `${formatQuantity(SHARE, probability)} of the allocations fail${task === undefined ? "" : `, of ${task}`}`

export const failslab = faultKind({
  on: "client",
  meaning: "SLAB or SLUB refuses objects (mm/failslab.c)",
  sets: "failslab",
  cause: "memory",
  hits: "allocations failed",
  options: {
    ...attributes,
    space: field(Size, 0, "So many bytes are handed out before the first failure."),
    caches: maybe(
      Schema.Array(text),
      "Names of the caches that may fail (cache-filter). Without it: all. A cache that SLUB has merged fails by either name, "
        + "for all of its users."
    )
  },
  swarm: { probability: ["1 %", "10 %"], ignoreGfpWait: [true, true, false], times: [null, 20] },
  begin: ({ machine: { objects } }, options, chance) => {
    const { caches, ignoreGfpWait, space } = options
    const attr = attrOf(options, space, chance)
    objects.failslab = new Failslab(attr, { ignoreGfpWait, ...(caches !== undefined && { caches }) })
    return {
      end: () => {
        objects.failslab = null
      },
      effects: () => effectsOf(attr)
    }
  },
  describe: (options) =>
    `failslab: ${share(options)}${options.caches === undefined ? "" : ` (${options.caches.join(", ")})`}`
})

export const failPageAlloc = faultKind({
  on: "client",
  meaning: "the page allocator refuses pages (fail_page_alloc)",
  sets: "fail_page_alloc",
  cause: "memory",
  hits: "allocations failed",
  options: {
    ...attributes,
    space: field(Size, 0, "So much is handed out before the first failure."),
    ignoreGfpHighmem: field(
      yesNo,
      true,
      "Allocations that take high memory, pages of processes among them, do not fail (ignore-gfp-highmem). True in Linux."
    ),
    minOrder: field(whole(0, 10), 1, "Smaller orders do not fail (min-order). 1 in Linux.")
  },
  swarm: { probability: ["1 %", "10 %"], ignoreGfpWait: [true, true, false], minOrder: [0, 1], times: [null, 20] },
  begin: ({ machine: { pages } }, options, chance) => {
    const { ignoreGfpHighmem, ignoreGfpWait, minOrder, space } = options
    const attr = attrOf(options, Math.floor(space / PAGE_SIZE), chance)
    pages.failPageAlloc = new FailPageAlloc(attr, { ignoreGfpHighmem, ignoreGfpWait, minOrder })
    return {
      end: () => {
        pages.failPageAlloc = null
      },
      effects: () => effectsOf(attr)
    }
  },
  describe: (options) =>
    `fail_page_alloc: ${share(options)}${options.minOrder === 0 ? "" : `, from order ${options.minOrder}`}${
      options.space === 0 ? "" : `, after ${formatQuantity(SIZE, options.space)}`
    }`
})
