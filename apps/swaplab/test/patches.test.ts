import { describe, expect, it } from "vitest"
import { workspace } from "./workspace.ts"

const { said } = workspace()

describe("patches", () => {
  it("lists every patch and base, and what nobody could verify", async () => {
    const { code, stdout } = await said(["patches"])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ +14 {2}nbd-memalloc +7f338fe4540b +nbd sends and/m)
    expect(stdout).toMatch(/^ +\+1 {2}rmem-exemption/m)
    expect(stdout).toMatch(/^ +recursive-reclaim +emergency_free_pages/m)
    expect(stdout).toContain("    not verified: V9's code was not read")
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80)
  })

  it("lists those of one kernel, as JSON too", async () => {
    const { stdout } = await said(["patches", "v3.5 + nbd-memalloc + 3", "--json"])
    const { base, patches } = JSON.parse(stdout) as { base: { name: string }; patches: Array<{ name: string }> }
    expect(base.name).toBe("v3.5")
    expect(patches.map(({ name }) => name)).toEqual(["gfp-memalloc", "nbd-memalloc"])
  })

  it("says what has no effect in a scenario", async () => {
    const { stdout } = await said(["patches", "--scenario", "ok.yaml"], "200")
    expect(stdout).toContain("fast: slub, v3.6\n")
    expect(stdout).toContain(
      "  skb-alloc-page has no effect here: the card's driver takes no pages by __skb_alloc_page"
    )
    expect(stdout).not.toContain("nbd-memalloc")
  })

  it.each([
    [["patches", "v3.6 - trottle"], "none is called trottle, did you mean throttle?"],
    [["patches", "v3.6", "--scenario", "ok.yaml"], "expected a kernel or --scenario, not both"],
    [["patches", "--scenario", "none.yaml"], "none.yaml: no such file"]
  ])("%j is a mistake", async (args, message) => {
    const { code, stderr, stdout } = await said(args)
    expect([code, stdout]).toEqual([2, ""])
    expect(stderr).toContain(message)
  })
})
