import { madeUpLockup, PATCHES } from "@swaplab/cluster"
import type { Counterfactual, Explanation, Fate } from "@swaplab/experiment"
import { renderWhy } from "@swaplab/report"
import { describe, expect, it } from "vitest"

const REPORT = madeUpLockup()

const explained = (fate: Fate, unchanged: boolean): string => {
  const single: Counterfactual = { patches: ["nbd-memalloc"], fate, ns: 7e9, reason: "rx starvation", unchanged }
  const explanation: Explanation = {
    lockup: { ...REPORT, kernel: "slub-vanilla", seed: 1 },
    report: REPORT,
    closeUp: { timesNs: new Float64Array(0), columns: [] },
    momentNs: 0.2e9,
    switchNs: 0.1e9,
    single: [single],
    together: null,
    enough: null
  }
  return renderWhy(explanation, { width: 120, colour: false })
}

describe("an explanation", () => {
  it.each<[Fate, boolean, string]>([
    ["saved", false, "saves it: done at 7.000 s"],
    ["later", false, "locks up later: last progress at 7.000 s, rx starvation"],
    ["locked up", false, "locks up all the same: rx starvation"],
    ["locked up", true, "locks up, to the last event the same"],
    ["rescued", false, "done at 7.000 s, after the OOM killer has broken a cycle all the same"],
    ["rescued", true, "done as without it, to the last event the same"],
    ["oom", false, "a process is killed for lack of memory; over at 7.000 s"],
    ["sigbus", false, "a process is killed, for a page that could not be read back; over at 7.000 s"],
    ["lost-swap", false, "a process finds zeroes, for a page that the server has forgotten; over at 7.000 s"],
    ["corruption", false, "a page comes back with another content; over at 7.000 s"],
    ["alive", false, "still runs when the time is up"],
    ["not tried", false, "not tried: rx starvation"]
  ])("says of a client that is %s (unchanged: %s): %s", (fate, unchanged, words) => {
    const text = explained(fate, unchanged)
    expect(text.split("\n").find((line) => line.includes(" 14  nbd-memalloc"))?.trim()).toBe(
      `14  nbd-memalloc  ${words}`
    )
    expect(text).toContain(fate === "saved" ? "Saved by nbd-memalloc alone." : "No single patch saves it.")
  })
})

const BARE: Explanation = {
  lockup: { ...REPORT, kernel: "slub-vanilla", seed: 1 },
  report: REPORT,
  closeUp: { timesNs: new Float64Array(0), columns: [] },
  momentNs: 0.2e9,
  switchNs: 0.1e9,
  single: [],
  together: null,
  enough: null
}

it("counts the patches of the series by the table of patches, its fix beside them", () => {
  const series = PATCHES.filter(({ kind }) => kind === "series" || kind === "stream-fix").map(({ name }) => name)
  const together: Counterfactual = { patches: series, fate: "saved", ns: 7e9, reason: "", unchanged: false }
  const single: Counterfactual = { ...together, patches: [series[0]], fate: "alive" }
  expect(renderWhy({ ...BARE, single: [single], together }, { width: 120, colour: false })).toContain(
    "The 16 patches of the series and its fix that it lacks, together: saves it"
  )
})

it("says that no patch is tried where the network is dead", () => {
  const report = madeUpLockup({ taxonomy: "dead network", network: "nothing has arrived over client-1 to switch" })
  const text = renderWhy({ ...BARE, report }, { width: 120, colour: false })
  expect(text).toContain("No patch is tried: no kernel can swap over a network that carries nothing.")
  expect(text).not.toContain("single patch")
})
