import { fateOf } from "#src/fate.ts"
import type { LockupReport, Outcome, RunResult } from "@swaplab/cluster"
import { madeUpLockup, OUTCOMES } from "@swaplab/cluster"
import { type Fate } from "@swaplab/experiment"
import { describe, expect, it } from "vitest"
import { fakeResult } from "./fake.ts"

/** Last progress of the lockup that is explained. */
const LOCKUP = { client: "client-1", sinceNs: 5e9 }
const base = fakeResult("slub-vanilla", 1, "lockup")

interface Given {
  readonly lockup?: LockupReport
  readonly rescue?: LockupReport
  readonly unchanged?: boolean
}

const replay = (outcome: Outcome, { lockup, rescue, unchanged }: Given): RunResult => {
  const run = fakeResult("slub-vanilla", 1, outcome, 7e9)
  return {
    ...run,
    fingerprint: unchanged === true ? base.fingerprint : "another",
    clients: run.clients.map((client) => ({ ...client, lockup: lockup ?? null, rescue: rescue ?? null }))
  }
}

const at = (sinceNs: number): LockupReport => madeUpLockup({ sinceNs })
const rescue: LockupReport = { ...at(5e9), kind: "stall", taxonomy: "oom-rescued" }

const ROWS: ReadonlyArray<readonly [outcome: Outcome, given: Given, fate: Fate, ns: number | null]> = [
  ["completed", {}, "saved", 7e9],
  ["completed", { rescue }, "rescued", 7e9],
  ["completed", { unchanged: true }, "rescued", 7e9],
  ["completed", { rescue, unchanged: true }, "rescued", 7e9],
  ["corruption", {}, "corruption", 7e9],
  ["corruption", { lockup: at(6e9) }, "corruption", 7e9],
  ["lockup", { lockup: at(6e9) }, "later", 6e9],
  ["lockup", { lockup: at(5e9) }, "locked up", 5e9],
  ["lockup", { lockup: at(5e9), unchanged: true }, "locked up", 5e9],
  ["lockup", { lockup: at(4e9), rescue }, "locked up", 4e9],
  ["sigbus", {}, "sigbus", 7e9],
  ["lost-swap", {}, "lost-swap", 7e9],
  ["oom", {}, "oom", 7e9],
  ["oom", { rescue, unchanged: true }, "oom", 7e9],
  ["timeout", {}, "alive", null],
  ["timeout", { rescue }, "alive", null],
  ["stopped", {}, "alive", null]
]

describe("what becomes of a client with other patches", () => {
  it.each(ROWS)("%s, %j", (outcome, given, fate, ns) => {
    expect(fateOf(replay(outcome, given), base, LOCKUP, ["throttle"])).toEqual({
      patches: ["throttle"],
      fate,
      ns,
      reason: fate === "later" || fate === "locked up" ? "tx starvation" : "",
      unchanged: given.unchanged === true
    })
  })

  it("is told of every outcome", () => {
    expect(new Set(ROWS.map(([outcome]) => outcome))).toEqual(new Set(OUTCOMES))
  })
})
