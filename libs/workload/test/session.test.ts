// A person at a small client: what is touched is verified, what is felt is measured, what dies is started again.
import { Desk } from "#src/session/desk.ts"
import { place } from "#src/session/placement.ts"
import { WORKLOADS } from "@swaplab/workload"
import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { client, hostOf } from "./rig.ts"

const { session } = WORKLOADS
const MIB = 2 ** 20
const CLIENT = { cpus: 2, ramBytes: 48 * MIB, swapBytes: 64 * MIB, pageCacheBytes: 0, half: "all" as const }

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
})
