import { ProcessTable } from "#src/mm/process-memory.ts"
import { NR_KERNEL_STACK } from "@swaplab/page-alloc"
import { expect, it } from "vitest"
import { boot } from "./rig.ts"

it("fork takes a stack of two pages and the objects of a process; exit gives all of it back", () => {
  const { machine, sim, start } = boot()
  const table = new ProcessTable(machine.objects, machine.pages)
  machine.processTable = table
  const { items } = machine.pages.vmstat
  const seen: Array<number> = []
  start(0, function*(task) {
    const memory = yield* table.fork(task)
    if (memory === null) throw new Error("no memory")
    seen.push(table.stackPages, items[NR_KERNEL_STACK], memory.objects.length)
    table.free(task, memory)
    seen.push(table.stackPages, items[NR_KERNEL_STACK])
  })
  sim.run(1e9)
  // task_struct, mm_struct, 24 areas
  expect(seen).toEqual([2, 1, 26, 0, 0])
  machine.checkInvariants()
})
