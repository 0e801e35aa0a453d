// A person at a small client: what is touched is verified, what is felt is measured, what dies is started again.
import { Desk } from "#src/session/desk.ts"
import { place } from "#src/session/placement.ts"
import { PROGRAMS } from "#src/session/programs.ts"
import { PTE_ACCESSED, PTE_DIRTY, PTE_PRESENT } from "@swaplab/kernel"
import type { Sleeps } from "@swaplab/sim"
import { WORKLOADS } from "@swaplab/workload"
import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { client, hostOf } from "./rig.ts"

const { session } = WORKLOADS
const MIB = 2 ** 20
const CLIENT = {
  cpus: 2,
  ramBytes: 48 * MIB,
  swapBytes: 64 * MIB,
  pageCacheBytes: 0,
  rootBytes: 0,
  half: "all" as const
}

const optionsOf = (given: object) => Schema.decodeUnknownSync(Schema.Struct(session.options))(given)

/** Somebody types commands for ten minutes: X server, desktop and terminal, 53 MiB. */
const TYPING = { programme: "class-start", mix: { idle: 0, browse: 0, office: 0, terminal: 1 } }

const run = (given: object = TYPING, ramBytes = CLIENT.ramBytes) => {
  const options = optionsOf(given)
  const { processes } = session.processes(options, CLIENT)
  const { machine, sim, store } = client({
    ramBytes,
    processes: 0,
    pagesPerProcess: 1,
    otherProcesses: processes
  })
  const host = hostOf(machine, "session")
  session.start(host, options)
  return { host, machine, sim, store }
}

describe("session", () => {
  it("ends with its timetable, and every page holds what was written to it", () => {
    const { host, machine, sim } = run()
    sim.run(11 * 60e9)
    expect(host.ended()).toBe(true)
    expect(host.exits).toEqual(["completed", "completed", "completed"])
    expect(machine.corruptions).toEqual([])
    expect(host.operations.done).toBeGreaterThan(100)
    machine.checkInvariants()
  })

  it("swaps where its programs do not fit, and finds what it wrote", () => {
    const { host, machine, sim, store } = run(TYPING, 40 * MIB)
    sim.run(11 * 60e9)
    expect(store.writes).toBeGreaterThan(1000)
    expect(store.reads).toBeGreaterThan(100)
    expect(machine.corruptions).toEqual([])
    expect(host.counter("lost").value).toBe(0)
  })

  it("costs no event at the greeter, where only the X server runs, before a login and after a logout", () => {
    const size = { programs: ["xserver", "terminal"], era: "measured", tabs: 1, tabScale: 1, documentPages: 1 } as const
    const placed = place(size, "all")
    const { machine, sim } = client({
      ramBytes: 96 * MIB,
      processes: 0,
      pagesPerProcess: 1,
      otherProcesses: placed.map(({ pages }) => pages)
    })
    const desk = new Desk(hostOf(machine, "session"), placed)
    const fired: Array<number> = []
    sim.spawn(
      desk.person,
      desk.person.program(function*() {
        const hour = function*() {
          yield* desk.person.hold(60e9)
          const before = sim.queue.fired
          yield* desk.person.hold(3600e9)
          fired.push(sim.queue.fired - before)
        }
        yield* desk.start("xserver")
        yield* hour()
        yield* desk.launch("terminal")
        yield* hour()
        yield* desk.close("terminal")
        desk.running("xserver")?.rest()
        yield* hour()
      })
    )
    sim.run(4 * 3600e9)
    const [before, during, after] = fired
    // the end of the hour, and what the kernel does every two seconds
    expect(before).toBeLessThan(4 * 1800)
    expect(after).toBe(before)
    expect(during).toBeGreaterThan(before + 3000)
  })

  /** A desk with a word processor, and pages of one of its programs with these marks after so many seconds. */
  const desk = () => {
    const size = {
      programs: ["xserver", "office", "terminal"],
      era: "measured",
      tabs: 1,
      tabScale: 1,
      documentPages: 1
    } as const
    const placed = place(size, "all")
    const { machine, sim } = client({
      ramBytes: 400 * MIB,
      processes: 0,
      pagesPerProcess: 1,
      otherProcesses: placed.map(({ pages }) => pages)
    })
    const { tables } = machine.mm
    const at = new Desk(hostOf(machine, "session"), placed)
    const marked = function*(name: "xserver" | "office", bits: number, seconds: number): Sleeps<number> {
      for (let i = 0; i < tables.entries.length; i++) {
        const entry = tables.entries.at(i)
        if ((entry & PTE_PRESENT) !== 0) tables.replace(i, entry & ~(PTE_ACCESSED | PTE_DIRTY))
      }
      yield* at.person.hold(seconds * 1e9)
      const { process, shared } = placed.find((program) => program.name === name)!
      const base = tables.base(process)
      let pages = 0
      for (let page = 0; page < shared.from; page++) if ((tables.entries.at(base + page) & bits) === bits) pages++
      return pages
    }
    const run = (body: () => Sleeps<void>) => {
      sim.spawn(at.person, at.person.program(body))
      sim.run(3600e9)
    }
    return { at, marked, run }
  }

  it("has a program that writes by itself as long as it has the keyboard", () => {
    const { at, marked, run } = desk()
    const { front } = PROGRAMS.office.idle
    const written: Array<number> = []
    run(function*() {
      yield* at.start("xserver")
      yield* at.launch("office")
      yield* at.launch("terminal")
      yield* at.act("key", "office")
      yield* at.person.hold(2e9)
      written.push(yield* marked("office", PTE_PRESENT | PTE_DIRTY, 9.5))
      yield* at.act("key", "terminal")
      yield* at.person.hold(2e9)
      written.push(yield* marked("office", PTE_PRESENT | PTE_DIRTY, 2.5))
    })
    expect(written[0]).toBeGreaterThanOrEqual(front[1])
    expect(written[0]).toBeLessThanOrEqual(front[3])
    expect(written[1]).toBeLessThan(PROGRAMS.office.idle.own[4])
  })

  it("gives the X server more to do for each window, and takes it away with the window", () => {
    const { at, marked, run } = desk()
    const { own } = PROGRAMS.xserver.idle
    const { idle: more } = PROGRAMS.office.grows.xserver!
    const touched: Array<number> = []
    run(function*() {
      const minute = () => marked("xserver", PTE_PRESENT | PTE_ACCESSED, 62)
      yield* at.start("xserver")
      yield* at.launch("terminal")
      yield* at.person.hold(5e9)
      touched.push(yield* minute())
      yield* at.launch("office")
      yield* at.person.hold(5e9)
      touched.push(yield* minute())
      yield* at.close("office")
      yield* at.launch("office")
      yield* at.close("office")
      yield* at.person.hold(5e9)
      touched.push(yield* minute())
    })
    expect(touched).toEqual([own[4], own[4] + more[4], own[4]])
  })
})
