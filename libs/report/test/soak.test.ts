import type { Soak, SoakGroup } from "@swaplab/experiment"
import { renderSoak, soakProgress } from "@swaplab/report"
import { expect, it } from "vitest"

const group = (signature: string, expected: string | null): SoakGroup =>
  ({ signature, runs: 2, seed: 7, finding: { expected } }) as SoakGroup

const coverage = new Map([
  ["outcome lockup", 2],
  ["outcome oom", 0],
  ["fault restart: hit", 3],
  ["fault restart: reboots", 0],
  ["vmstat pswpin", 9]
])

const soak = (groups: ReadonlyArray<SoakGroup>): Soak =>
  ({
    plan: { name: "soak", file: "the whole swarm" },
    firstSeed: 7,
    runs: 12,
    clientHours: 500,
    lockups: 1,
    lockupsPer1000Hours: [0.0506, 11.1433],
    groups,
    coverage
  }) as unknown as Soak

it("unexpected findings come first, and say so; expected ones have their reason", () => {
  const text = renderSoak(soak([group("lockup: tx starvation", null), group("oom", "no memory is no memory")]))
  expect(text).toContain("12 runs from seed 7, 500.00 client-hours.")
  expect(text).toMatch(
    /1 unexpected signature\.[^]*Unexpected\n[^]*tx starvation[^]*Expected\n[^]*Expected: no memory is/
  )
  expect(text.replaceAll(/\s+/g, " ")).toContain(
    "1 client locked up: 2 in 1,000 client-hours, 95 %: 0.0506 to 11.1 (Poisson, exact)."
  )
  expect(renderSoak(soak([]))).toContain("No unexpected finding.")
})

it("coverage is counted by kind, and what was never reached is listed", () => {
  const text = renderSoak(soak([]))
  expect(text).toContain("Coverage: 3 of 5 rows (60 %)")
  expect(text).toContain("Reached: outcome 1 of 2, fault 1 of 2, vmstat 1 of 1.")
  expect(text).toContain("  outcome: oom\n  fault restart: reboots\n")
})

it("the line of progress counts runs, not signatures, of each sort", () => {
  const groups = [group("a", null), group("b", null), group("c", "as of that time")]
  expect(soakProgress({ runs: 12, clientNs: 1.8e12, groups, coverage })).toBe(
    "12 runs, 0.50 client-hours, 4 unexpected findings of 2 signatures, 2 expected, coverage 60 %"
  )
})
