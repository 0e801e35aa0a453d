import { BYTES_PER_FRAME, OFF_LIST } from "#src/frames.ts"
import { Frames, NONE, PageAllocator, PageList } from "@swaplab/page-alloc"
import { Sim } from "@swaplab/sim"
import fc from "fast-check"
import { describe, expect, it } from "vitest"

describe("frames", () => {
  it("cost 28 bytes each", () => {
    const bytes = new Frames(1024).columns().reduce((sum, column) => sum + column.BYTES_PER_ELEMENT, 0)
    expect(bytes).toBe(BYTES_PER_FRAME)
    expect(bytes).toBe(28)
  })

  it("a 64 MiB machine fits into 1 MiB", () => {
    const pages = new PageAllocator(new Sim({ seed: 1 }), { memory: 64 * 2 ** 20, cpus: 1 })
    const bytes = pages.frames.columns().reduce((sum, column) => sum + column.byteLength, 0) +
      pages.buddy.pageblockType.byteLength
    expect(bytes).toBeLessThanOrEqual(2 ** 19 + 2 ** 15)
  })
})

type Command =
  | { readonly op: "addHead" | "addTail" | "remove" | "moveToHead" | "moveToTail"; readonly pfn: number }
  | { readonly op: "popHead" | "popTail" | "splice" }

const commands = fc.array(
  fc.oneof(
    fc.record({
      op: fc.constantFrom(
        "addHead" as const,
        "addTail" as const,
        "remove" as const,
        "moveToHead" as const,
        "moveToTail" as const
      ),
      pfn: fc.nat(15)
    }),
    fc.record({ op: fc.constantFrom("popHead" as const, "popTail" as const, "splice" as const) })
  ),
  { maxLength: 200 }
) satisfies fc.Arbitrary<Array<Command>>

const content = (list: PageList, frames: Frames): Array<number> => {
  const pfns: Array<number> = []
  for (let pfn = list.head; pfn !== NONE; pfn = frames.next[pfn]) pfns.push(pfn)
  return pfns
}

describe("page list", () => {
  it("behaves like an array under random commands", () => {
    fc.assert(
      fc.property(commands, (script: ReadonlyArray<Command>) => {
        const frames = new Frames(1024)
        const list = new PageList()
        let model: Array<number> = []
        for (const command of script) {
          switch (command.op) {
            case "popHead":
              expect(list.popHead(frames)).toBe(model.shift() ?? NONE)
              break
            case "popTail":
              expect(list.popTail(frames)).toBe(model.pop() ?? NONE)
              break
            case "splice": {
              const other = new PageList()
              const extra = [16, 17].filter((pfn) => !model.includes(pfn))
              for (const pfn of extra) other.addTail(frames, pfn)
              list.spliceHead(frames, other)
              model = [...extra, ...model]
              expect(other.count).toBe(0)
              break
            }
            default: {
              const { pfn } = command
              const present = model.includes(pfn)
              if (command.op === "addHead" || command.op === "addTail") {
                if (present) {
                  expect(() => list[command.op](frames, pfn)).toThrow("on a list already")
                } else {
                  list[command.op](frames, pfn)
                  if (command.op === "addHead") model.unshift(pfn)
                  else model.push(pfn)
                }
              } else if (present) {
                list[command.op](frames, pfn)
                model = model.filter((other) => other !== pfn)
                if (command.op === "moveToHead") model.unshift(pfn)
                if (command.op === "moveToTail") model.push(pfn)
              }
            }
          }
          list.checkInvariants(frames)
          expect(content(list, frames)).toEqual(model)
          expect(list.count).toBe(model.length)
        }
      }),
      { seed: 1, numRuns: 200 }
    )
  })

  it("refuses to remove what is on no list, or is the head of another", () => {
    const frames = new Frames(1024)
    const a = new PageList()
    const b = new PageList()
    a.addTail(frames, 1)
    b.addTail(frames, 2)
    expect(() => a.remove(frames, 3)).toThrow("not on the list")
    expect(() => a.remove(frames, 2)).toThrow("another list")
    expect(frames.next[3]).toBe(OFF_LIST)
  })
})
