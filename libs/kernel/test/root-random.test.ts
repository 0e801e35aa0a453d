// Random commands of two programs, with anonymous memory and written files beside them, on a machine that has too little memory
// for all of it. A model by sets sees what the image must hold after each command.
import { FAULT_DONE, type KernelTask, type Machine, PTE_PRESENT, pteValue, type RootImage } from "@swaplab/kernel"
import { PG_uptodate, PSWPIN } from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"
import { assert } from "@swaplab/sim"
import fc from "fast-check"
import { expect, it } from "vitest"
import { boot } from "./rig.ts"
import { DISK, EXT4, SQUASHFS } from "./root-rig.ts"

const PROGRAM_PAGES = 4096
const TEXT_PAGES = 1024
const ANON_PAGES = 1500
const FILE_PAGES = 1024

const commandOf = fc.record({
  kind: fc.constantFrom("fault", "fault", "read", "anon", "anon", "anon", "write", "unmap"),
  at: fc.nat(PROGRAM_PAGES - 1),
  length: fc.integer({ min: 1, max: 600 })
})
type Command = typeof commandOf extends fc.Arbitrary<infer T> ? T : never

/** Writes anonymous pages; each must hold what was written there before. */
function* useAnonymous(machine: Machine, task: KernelTask, written: Map<number, number>, command: Command) {
  const { mm, pages: { frames } } = machine
  for (let i = 0; i < command.length; i++) {
    const index = mm.tables.base(task.mm) + (command.at + i) % ANON_PAGES
    if (!mm.tryFault(task, index, true)) yield* mm.fault(task, index, true)
    if (task.killed) return
    const entry = mm.tables.entries.at(index)
    assert((entry & PTE_PRESENT) !== 0, "a page that was just written is not there")
    const pfn = pteValue(entry)
    assert(
      frames.tokenVersion[pfn] === (written.get(index) ?? 0),
      "a page of anonymous memory holds what nobody wrote there"
    )
    written.set(index, (written.get(index) ?? 0) + 1)
    frames.tokenVersion[pfn]!++
    yield* task.condResched()
  }
}

/** What was seen of the image so far. */
class Seen {
  readonly ever = new Set<number>()

  check(root: RootImage, machine: Machine): void {
    machine.checkInvariants()
    const { flags, tokenVersion, tokenWriter } = machine.pages.frames
    const { files } = root
    let gone = 0
    for (let page = 0; page < root.pages; page++) {
      const pfn = files.find(page)
      if (pfn < 0) {
        if (this.ever.has(page)) gone++
        continue
      }
      this.ever.add(page)
      if ((flags[pfn]! & PG_uptodate) === 0) continue
      const version = files.first + page + 1
      assert(tokenWriter[pfn] === EXT4.tokenWriter && tokenVersion[pfn] === version, "a page of a file is another one")
    }
    // each page that was dropped and is not back; those that came and went between two looks are among them, too
    const away = files.evicted - files.refaults
    expect(away).toBeGreaterThanOrEqual(gone)
    expect(away).toBeLessThanOrEqual(root.pages - files.cached)
  }
}

const run = (machine: Machine, root: RootImage, task: KernelTask, commands: ReadonlyArray<Command>, seen: Seen) =>
  function*(): Sleeps<void> {
    const from = task.mm * PROGRAM_PAGES
    const written = new Map<number, number>()
    root.addFile(from, from + PROGRAM_PAGES)
    root.mapExecutable(from, from + TEXT_PAGES)
    for (const command of commands) {
      const at = from + command.at
      const end = Math.min(at + command.length, from + PROGRAM_PAGES)
      if (command.kind === "fault") {
        for (let page = at; page < end; page++) {
          if (root.tryTouch(task, page)) continue
          assert((yield* root.fault(task, page)) === FAULT_DONE, "a fault failed")
          assert(root.tryTouch(task, page), "a fault has mapped nothing")
          yield* task.condResched()
        }
      } else if (command.kind === "read") {
        assert(yield* root.read(task, at, end), "a read failed")
      } else if (command.kind === "anon") {
        yield* useAnonymous(machine, task, written, command)
      } else if (command.kind === "write") {
        for (let i = 0; i < command.length; i++) {
          yield* machine.files!.write(task, (command.at + i) % FILE_PAGES)
          yield* machine.writeback!.balance(task)
        }
      } else {
        root.unmap(task, at, end)
        for (let page = at; page < end; page++) assert(!root.tryTouch(task, page), "an unmapped page is mapped")
      }
      seen.check(root, machine)
      yield* task.condResched()
    }
  }

it.each([{ spec: EXT4 }, { spec: SQUASHFS }])(
  "an image of $spec.format.kind loses and mixes up nothing, whatever programs do with too little memory",
  ({ spec }) => {
    const sums = { evicted: 0, refaults: 0, swapIns: 0 }
    fc.assert(
      fc.property(
        fc.array(commandOf, { minLength: 15, maxLength: 30 }),
        fc.array(commandOf, { minLength: 15, maxLength: 30 }),
        fc.integer({ min: 1, max: 2 }),
        (first, second, cpus) => {
          const rig = boot({ pageCachePages: 256, processes: 2, cpus, ramBytes: 8 * 1024 * 1024 })
          const { machine, sim } = rig
          const root = machine.attachRoot(spec, DISK)
          machine.addFiles(FILE_PAGES, { bytesPerSecond: 50e6, latencyNs: 200_000 })
          const seen = new Seen()
          const tasks = [first, second].map((commands, process) =>
            rig.start(process, (task) => run(machine, root, task, commands, seen)())
          )
          sim.run(600e9)
          expect(tasks.map(({ finished, killed }) => [finished, killed])).toEqual([[true, false], [true, false]])
          seen.check(root, machine)
          expect(machine.corruptions).toEqual([])
          sums.evicted += root.files.evicted
          sums.refaults += root.files.refaults
          sums.swapIns += machine.pages.vmstat.items[PSWPIN]!
        }
      ),
      { seed: 36, numRuns: 3, endOnFailure: true }
    )
    // reclaim was at work
    expect(Math.min(sums.evicted, sums.refaults, sums.swapIns)).toBeGreaterThan(100)
  }
)
