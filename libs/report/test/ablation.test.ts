import { renderAblation } from "@swaplab/report"
import { describe, expect, it } from "vitest"
import { ablationOf } from "./cells.ts"

/** SLUB needs nbd-memalloc, and that is enough. */
const needsNbd = (kernel: string): string => /-vanilla|-without-nbd|-with-(?!nbd)/.test(kernel) ? "tx starvation" : "c"

describe("the report of an ablation", () => {
  const report = renderAblation(ablationOf(needsNbd), { width: 100, colour: false })

  it("has a line a kernel with counts, interval, classes and medians", () => {
    const lines = report.slice(report.indexOf("Kernels with SLUB")).split("\n").map((line) => line.trim().split(/  +/))
    expect(lines[1]).toEqual(
      ["kernel", "completed", "else", "after", "elapsed", "parked", "drops", "filter", "reserve"]
    )
    expect(lines[2]).toEqual(["v3.6", "10/10 (72-100 %)", "-", "-", "10.50", "2", "6", "0", "21/191"])
    expect(lines[16]).toEqual(["-14 nbd-memalloc", "0/10 (0-28 %)", "TX10", "0.55", "-", "2", "6", "0", "21/191"])
    expect(lines[19].slice(0, 3)).toEqual(["v3.5", "0/10 (0-28 %)", "TX10"])
  })

  it("has a line a patch, with the stuck allocation where that explains something", () => {
    expect(report).toContain(
      "  14 nbd-memalloc          necessary: 0/10 complete (0-28 %) instead of 10/10; tx starvation 10;\n"
        + "                           stuck: order:0, mode:0x10 (GFP_NOIO), DMA32 free 101 <= floor 191 by\n"
        + "                           client-1 nbd0\n"
    )
    expect(report).toContain("  14 nbd-memalloc          sufficient: 10/10 complete (72-100 %) instead of 0/10\n")
    expect(report).toContain("  15 throttle              no effect: equal fingerprints in 10 of 10 seeds\n")
  })

  it("says in a few lines what is necessary and what is sufficient", () => {
    const end = report.slice(report.indexOf("Necessary and sufficient"))
    expect(end).toContain("  slub: necessary in v3.6: nbd-memalloc\n")
    expect(end).toContain("  slub: sufficient on v3.5: nbd-memalloc\n")
    expect(end).toMatch(/slub: no effect in v3\.6: slab-knowledge, [^]*throttle-counter\n/)
    const nothing = renderAblation(ablationOf(() => "c", { plus: false }))
    expect(nothing).toContain("  slub: necessary in v3.6: none\n")
    expect(nothing).not.toContain("sufficient on")
  })

  it("says that it was interrupted, and shows broken laws", () => {
    const result = ablationOf(() => "c", { patches: ["throttle"] }, true)
    const [first, ...rest] = result.runs
    const broken = renderAblation({
      ...result,
      runs: [{ ...first, brokenLaws: ["swap tokens, client-1: 3 wrong"] }, ...rest]
    })
    expect(broken).toContain("Interrupted: 40 of 40 runs were measured.")
    expect(broken).toContain(
      "faults of swaplab, please report them\n  slub-all, seed 1: swap tokens, client-1: 3 wrong"
    )
  })
})
