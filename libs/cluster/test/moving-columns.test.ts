// Tables that grow get new columns in place of the old ones. Who still holds an old one, across a call that may take a row, reads
// what was and writes to nothing. It shows only where a table grows at just that moment; so here every table grows, in effect,
// whenever a row is taken: all its columns become copies, and the old ones are filled with nonsense.
import { BioSet } from "@swaplab/blk"
import { buildCluster, NO_HOOKS, runCluster } from "@swaplab/cluster"
import { SlabTable } from "@swaplab/kmem"
import { afterAll, beforeAll, expect, it } from "vitest"
import { variedScenario } from "./varied-scenarios.ts"

const SCENARIOS = 8
type Method = (this: object, ...args: Array<unknown>) => unknown
type Column = Int32Array | Uint32Array | Uint16Array | Uint8Array | Float64Array

const isColumn = (value: unknown): value is Column => ArrayBuffer.isView(value) && !(value instanceof DataView)

/** How often columns of each kind of table were moved. */
const moved = new Map<string, number>()
const move = (table: object): void => {
  const fields = table as Record<string, unknown>
  for (const [name, column] of Object.entries(fields)) {
    if (!isColumn(column)) continue
    fields[name] = column.slice()
    column.fill(1_111_111)
  }
  moved.set(table.constructor.name, (moved.get(table.constructor.name) ?? 0) + 1)
}

/** The class that has the method, of the classes of an object. */
const owner = (table: object, method: string): Record<string, Method> => {
  let of: unknown = table
  while (!Object.hasOwn(of as object, method)) of = Object.getPrototypeOf(of)
  return of as Record<string, Method>
}

const undo: Array<() => void> = []
const moveAt = (of: Record<string, Method>, method: string): void => {
  const plain = of[method]
  of[method] = function(...args) {
    move(this)
    return plain.apply(this, args)
  }
  undo.push(() => (of[method] = plain))
}

const fingerprints = (): ReadonlyArray<string> =>
  Array.from({ length: SCENARIOS }, (_, i) => {
    const { kernel, of, seed } = variedScenario(i + 1)
    return runCluster(of, kernel, seed, NO_HOOKS).fingerprint
  })

let still: ReadonlyArray<string> = []

beforeAll(() => {
  still = fingerprints()
  const { kernel, of, seed } = variedScenario(1)
  const { packets, skbs } = buildCluster(of, kernel, seed).clients[0].machine.net
  moveAt(owner(skbs, "takeRow"), "takeRow")
  moveAt(owner(skbs.pages, "adopt"), "adopt")
  moveAt(owner(packets, "alloc"), "alloc")
  moveAt(SlabTable.prototype as unknown as Record<string, Method>, "create")
  moveAt(BioSet.prototype as unknown as Record<string, Method>, "tryAlloc")
})

afterAll(() => {
  for (const restore of undo) restore()
})

it(`nobody holds a column across a call that may take a row: ${SCENARIOS} scenarios have the same fingerprints`, () => {
  expect(fingerprints()).toEqual(still)
  expect([...moved.keys()].sort()).toEqual(["BioSet", "FragPages", "Packets", "Skbs", "SlabTable"])
  for (const times of moved.values()) expect(times).toBeGreaterThan(500)
})
