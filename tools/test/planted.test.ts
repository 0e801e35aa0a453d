import { describe, expect, it, vi } from "vitest"
import { isOneLine } from "../src/planted/candidates.mjs"
import { patchOf } from "../src/planted/patch.mjs"
import { faultEvents, healthyOf, hunt, rejection, type Soak, type Swaplab } from "../src/planted/trial.mjs"

const MUTANT = {
  lib: "blk",
  file: "src/rule.ts",
  line: "return b < c",
  original: "b < c",
  replacement: "b <= c",
  nth: 0,
  range: "src/rule.ts:2:9-2:14"
}

const finding = (signature: string, seed: number, runs = 1) => ({ signature, seed, runs, client: null, expected: null })

const soak = (fingerprint: string, findings: Soak["findings"] = []): Soak => ({ runs: 10, fingerprint, findings })

/** A command whose soak tests show this, by their first seed. */
const showing = (of: (first: number, runs: number) => Soak): Swaplab => (args) => {
  const value = (name: string): number => Number(args[args.indexOf(name) + 1])
  return { status: 0, stdout: JSON.stringify(of(value("--seed"), value("--runs"))) }
}

describe("a planted bug", () => {
  it("is a patch of one line with what stands around it", () => {
    expect(patchOf(MUTANT, "const a = 1\n  return b < c\n}\n")).toBe(
      "--- a/libs/blk/src/rule.ts\n+++ b/libs/blk/src/rule.ts\n@@ -1,3 +1,3 @@\n const a = 1\n-  return b < c\n+  return b <= c\n }\n"
    )
    expect(isOneLine(MUTANT)).toBe(true)
    expect(isOneLine({ ...MUTANT, original: "b\n < c" })).toBe(false)
  })

  it("is none where it changes nothing, does not start, or ends every run", () => {
    const healthy = healthyOf(showing(() => soak("a")), 30)
    expect(healthy).toHaveLength(2)
    expect(rejection(() => ({ status: 1, stdout: "" }), healthy)).toBe(
      "no result in the trial: it does not start, or a run has no end"
    )
    expect(rejection(showing(() => soak("a")), healthy)).toBe("no change of behaviour in 20 runs")
    const crash = finding("fault of swaplab: page # is free", 1, 10)
    expect(rejection(showing(() => soak("b", [crash])), healthy)).toBe("every run ends with an assertion at its start")
    expect(rejection(showing(() => soak("b", [{ ...crash, runs: 9 }])), healthy)).toBeNull()
  })

  it("may show itself in the last runs of the trial alone", () => {
    const healthy = healthyOf(showing(() => soak("a")), 30)
    const late = vi.fn(showing((first) => soak(first > 1 ? "b" : "a")))
    expect(rejection(late, healthy)).toBeNull()
    expect(late).toHaveBeenCalledTimes(2)
    const early = vi.fn(showing(() => soak("b")))
    expect(rejection(early, healthy)).toBeNull()
    expect(early).toHaveBeenCalledTimes(1)
  })
})

describe("the hunt", () => {
  const law = finding("law pages conserved", 73)
  const changed = showing((first, runs) => soak("b", first <= 73 && 73 < first + runs ? [law] : []))

  it("ends with the first finding that the same seed does not show without the bug", () => {
    expect(hunt(changed, showing(() => soak("a")), 2000)?.after).toBe(73)
    expect(hunt(changed, changed, 200)).toBeNull()
  })

  it("does not take what is expected for a find", () => {
    const expected = showing(() => soak("b", [{ ...law, expected: "known" }]))
    expect(hunt(expected, showing(() => soak("a")), 100)).toBeNull()
  })
})

it("fault events of a scenario are the entries of its list", () => {
  expect(
    faultEvents("name: x\nfaults:\n  - what: down\n    where: server\n  - { what: loss, at: 1 s }\nexpect:\n  a: b\n")
  ).toBe(2)
  expect(faultEvents("name: x\n")).toBe(0)
})
