import { makeObject, MAX_SLABS, objectSlab } from "#src/handle.ts"
import {
  CHAIN_END,
  HELD,
  MAX_OBJECTS_PER_SLAB,
  NO_SLAB,
  objectIndex,
  ON_NO_LIST,
  SlabNumbers,
  SlabTable
} from "@swaplab/kmem"
import fc from "fast-check"
import { describe, expect, it } from "vitest"

describe("handles", () => {
  it("name slab and index, and are never negative", () => {
    const last = makeObject(MAX_SLABS - 1, MAX_OBJECTS_PER_SLAB - 1)
    expect(last).toBe(2 ** 31 - 1)
    expect([objectSlab(last), objectIndex(last)]).toEqual([MAX_SLABS - 1, MAX_OBJECTS_PER_SLAB - 1])
    expect([objectSlab(makeObject(1234, 7)), objectIndex(makeObject(1234, 7))]).toEqual([1234, 7])
  })

  it("lead to any frame of a machine of 64 GiB", () => {
    const numbers = new SlabNumbers()
    const pages = [17_039_359, 5, 4_194_304]
    const taken = pages.map((page) => numbers.take(page))
    expect(taken.map((number) => numbers.pageOf(makeObject(number, 511)))).toEqual(pages)
    numbers.put(taken[1])
    expect(numbers.take(77)).toBe(taken[1])
    expect(numbers.pageOf(makeObject(taken[1], 0))).toBe(77)
    const many = Array.from({ length: 1000 }, (_, i) => numbers.take(i))
    expect(new Set([...many, ...taken]).size).toBe(1003)
    expect(many.every((number, i) => numbers.pageOf(makeObject(number, 1)) === i)).toBe(true)
  })
})

describe("SlabTable", () => {
  it("takes objects in order and gives the last one freed first", () => {
    const table = new SlabTable(3, 1, new SlabNumbers())
    const row = table.create(100, 0, 3)
    expect([table.take(row, HELD), table.take(row, HELD), table.take(row, HELD)]).toEqual([0, 1, 2])
    expect(table.freelist[row]).toBe(CHAIN_END)
    expect(() => table.take(row, HELD)).toThrow("full slab")
    table.put(row, 1)
    table.put(row, 0)
    expect([table.take(row, HELD), table.take(row, HELD)]).toEqual([0, 1])
    table.checkInvariants()
  })

  it("refuses to destroy what is in use or listed", () => {
    const table = new SlabTable(2, 1, new SlabNumbers())
    const row = table.create(5, 1, 2)
    table.addHead(0, row)
    expect(() => table.destroy(row)).toThrow("on a list")
    table.unlink(row)
    table.take(row, HELD)
    expect(() => table.destroy(row)).toThrow("objects in use")
    expect(() => table.unlink(row)).toThrow("no list")
  })

  it("behaves like arrays of slabs on lists", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom("create", "destroy", "head", "tail", "unlink", "take", "put"), fc.nat()), {
          maxLength: 300
        }),
        (commands) => {
          const table = new SlabTable(4, 2, new SlabNumbers())
          const lists: Array<Array<number>> = [[], []]
          const loose: Array<number> = []
          const taken = new Map<number, Array<number>>()
          for (const [command, n] of commands) {
            const row = loose.length > 0 ? loose[n % loose.length] : NO_SLAB
            const list = n % 2
            const listed = lists[list].length > 0 ? lists[list][n % lists[list].length] : NO_SLAB
            if (command === "create") {
              const made = table.create(n % 1000, n % 3, 1 + n % 4)
              expect(taken.has(made)).toBe(false)
              loose.push(made)
              taken.set(made, [])
            } else if (command === "destroy" && row !== NO_SLAB && taken.get(row)?.length === 0) {
              table.destroy(row)
              loose.splice(loose.indexOf(row), 1)
              taken.delete(row)
            } else if ((command === "head" || command === "tail") && row !== NO_SLAB) {
              loose.splice(loose.indexOf(row), 1)
              if (command === "head") {
                table.addHead(list, row)
                lists[list].unshift(row)
              } else {
                table.addTail(list, row)
                lists[list].push(row)
              }
            } else if (command === "unlink" && listed !== NO_SLAB) {
              table.unlink(listed)
              lists[list].splice(lists[list].indexOf(listed), 1)
              loose.push(listed)
              expect(table.list[listed]).toBe(ON_NO_LIST)
            } else if (command === "take" && row !== NO_SLAB && table.freelist[row] !== CHAIN_END) {
              const index = table.take(row, HELD)
              expect(taken.get(row)).not.toContain(index)
              taken.get(row)?.push(index)
            } else if (command === "put" && row !== NO_SLAB) {
              const index = taken.get(row)?.pop()
              if (index !== undefined) table.put(row, index)
            }
            table.checkInvariants()
          }
          for (const list of [0, 1]) {
            const rows: Array<number> = []
            for (let row = table.head[list]; row !== NO_SLAB; row = table.next[row]) rows.push(row)
            expect(rows).toEqual(lists[list])
          }
          for (const [row, indexes] of taken) expect(table.inuse[row]).toBe(indexes.length)
        }
      ),
      { seed: 1, numRuns: 200 }
    )
  })
})
