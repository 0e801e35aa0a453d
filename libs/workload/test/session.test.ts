// A person at a small client: what is touched is verified, what is felt is measured, what dies is started again.
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
})
