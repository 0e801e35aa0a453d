import { FAULT_DONE } from "@swaplab/kernel"
import { PG_reclaim, PGFAULT, PGMAJFAULT } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import fc from "fast-check"
import { expect, it } from "vitest"
import { NaiveFiles } from "./naive-files.ts"
import { EXT4, withRoot } from "./root-rig.ts"

const FILES: ReadonlyArray<readonly [from: number, to: number]> = [[0, 1], [1, 40], [40, 800], [800, 1600]]
const PAGES = 1600
const PG_readahead = PG_reclaim

const page = fc.oneof(
  { weight: 1, arbitrary: fc.integer({ min: 0, max: PAGES - 1 }) },
  // near each other, where windows meet
  { weight: 3, arbitrary: fc.integer({ min: 100, max: 260 }) },
  { weight: 1, arbitrary: fc.constantFrom(...FILES.flatMap(([from, to]) => [from, to - 1])) }
)
const length = fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 8 }) }, fc.integer({ min: 9, max: 120 }))
const command = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("fault" as const), page, length: fc.constant(1) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("faults" as const), page, length }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("read" as const), page, length }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("unmap" as const), page, length }) }
)

const sorted = (pages: Iterable<number>) => [...pages].sort((a, b) => a - b)

it("with memory for all of the image, its page cache, marks, mappings and counters are those of a model by sets", () => {
  fc.assert(
    fc.property(fc.array(command, { minLength: 1, maxLength: 40 }), (commands) => {
      const model = new NaiveFiles(FILES)
      const { allEnded } = withRoot({ ...EXT4, pages: PAGES }, function*(task, root, machine) {
        for (const [from, to] of FILES) root.addFile(from, to)
        for (const command of commands) {
          const end = Math.min(PAGES, command.page + command.length)
          if (command.kind === "read") {
            assert(yield* root.read(task, command.page, end), "read")
            model.read(command.page, end)
          } else if (command.kind === "unmap") {
            root.unmap(task, command.page, end)
            model.unmap(command.page, end)
          } else {
            for (let page = command.page; page < end; page++) {
              const mapped = root.tryTouch(task, page)
              assert(mapped === model.mapped.has(page), "a page is mapped by one of them only")
              if (mapped) continue
              assert((yield* root.fault(task, page)) === FAULT_DONE, "fault")
              model.fault(page)
            }
          }
          // what is under way ends
          yield* task.hold(100_000_000)
          const { frames: { flags }, vmstat: { items } } = machine.pages
          const pages = Array.from({ length: PAGES }, (_, page) => page)
          const cached = pages.filter((page) => root.files.find(page) >= 0)
          expect({ command, pages: cached }).toEqual({ command, pages: sorted(model.cached) })
          const marked = cached.filter((page) => (flags[root.files.find(page)]! & PG_readahead) !== 0)
          expect({ command, pages: marked }).toEqual({ command, pages: sorted(model.marked) })
          expect([root.mapped, items[PGFAULT], items[PGMAJFAULT], root.device.counters.readsEnded, root.files.evicted])
            .toEqual([model.mapped.size, model.faults, model.majorFaults, model.cached.size, 0])
        }
      })
      expect(allEnded).toBe(true)
    }),
    { seed: 36, numRuns: 60 }
  )
})
