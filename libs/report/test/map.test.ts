import { contrasts, inkOn, shareColour } from "#src/heat-colours.ts"
import { cellText, CODE_WORDS } from "#src/outcome-codes.ts"
import { decodeScenario } from "@swaplab/cluster"
import { heatMap, renderMap } from "@swaplab/report"
import { Either } from "effect"
import { describe, expect, it } from "vitest"
import { cell, mapOfCodes } from "./cells.ts"

const TX = "tx starvation"
const RX = "rx starvation"
const map = mapOfCodes([[["c", "c", "c"], [TX, TX, "c"]], [["o", RX, "t"], [TX, TX, TX]]], {
  xs: ["1000", "64000"],
  ys: ["r8169", "e1000 & <more>"]
})
const loaded = Either.getOrThrow(
  decodeScenario(
    "fake.yaml",
    { name: "fake", kernels: { slub: { allocator: "slub", base: "v3.6" } }, clients: [{}] }
  )
)

describe("a map as text", () => {
  it("counts what completed, and the classes of the rest", () => {
    expect(cellText([])).toBe(".")
    expect(cellText([cell(1, "c"), cell(2, "c")])).toBe("2/2")
    expect(cellText([cell(1, TX), cell(2, TX)])).toBe("0/2 TX")
    expect(cellText(["t", RX, TX, "c", "s", TX, "o"].map((code, i) => cell(i, code)))).toBe("1/6 TX2 RX1 OOM1 TO1 --1")
    expect(cellText(["s", "c", "s"].map((code, i) => cell(i, code)))).toBe("1/1 --2")
    expect(cellText([TX, TX, "s"].map((code, i) => cell(i, code)))).toBe("0/2 TX --1")
    expect(cellText([cell(1, "s")])).toBe("0/0 --1")
  })

  it("says which allocations were refused and which are stuck, without the figures of single runs", () => {
    expect(renderMap(loaded, map, [], false)).toBe(`fake (fake.yaml)

Map of outcomes
  across: clients.0.background.packetsPerSecond, down: clients.0.nic.driver
  Completed runs of all; TX tx starvation, RX rx starvation, OOM OOM kill, TO
    time-out.

  slub
    clients.0.nic.driver  1000              64000
    r8169                 3/3               1/3 TX2
    e1000 & <more>        0/3 RX1 OOM1 TO1  0/3 TX

Allocations of the lockups
  slub, r8169: 2 lockups
    refused first: order:3, mode:0x20 (GFP_ATOMIC) by softirq (2)
    stuck: order:0, mode:0x10 (GFP_NOIO) by nbd0 (2)
  slub, e1000 & <more>: 4 lockups
    refused first: order:3, mode:0x20 (GFP_ATOMIC) by softirq (3); none (1)
    stuck: order:0, mode:0x10 (GFP_NOIO) by nbd0 (4)
`)
  })
})

/** Names of elements that are open at the end, or closed wrongly; empty for a well-formed file. */
const unbalanced = (xml: string): ReadonlyArray<string> => {
  const open: Array<string> = []
  for (const [, end, name, alone] of xml.matchAll(/<(\/?)([a-zA-Z]+)[^<>]*?(\/?)>/g)) {
    if (end === "/") {
      if (open.pop() !== name) return [name]
    } else if (alone !== "/") open.push(name)
  }
  return open
}

describe("a map as a picture", () => {
  const svg = heatMap("fake", map)

  it("is one well-formed file that loads nothing", () => {
    expect(unbalanced(svg)).toEqual([])
    expect(svg.replace(/^<\?xml[^>]*>\n/, "").replaceAll(/<[^<>]*>/g, "")).not.toMatch(/[<>]/)
    expect(svg).toContain("e1000 &amp; &lt;more&gt;")
    expect(svg).not.toMatch(/<script|<image|<style|@import|href|url\((?!#class-)/)
    expect(svg.match(/https?:[^"]*/g)).toEqual(["http://www.w3.org/2000/svg"])
  })

  it("says each field in words, letters and a bar of patterns", () => {
    const field =
      svg.split("<g>").find((part) => part.includes("packetsPerSecond 64000, clients.0.nic.driver r8169")) ?? ""
    expect(field).toContain("r8169: 1 of 3 completed, TX 2</title>")
    expect(field).toContain(">1/3</text>")
    expect(field).toContain(">TX 2</text>")
    expect(field.match(/fill="url\(#class-TX\)"/g)).toHaveLength(1)
    const mixed = svg.split("<g>").find((part) => part.includes("packetsPerSecond 1000, clients.0.nic.driver e1000")) ??
      ""
    expect([...mixed.matchAll(/fill="url\(#class-(\w+)\)"/g)].map(([, code]) => code)).toEqual(["RX", "OOM", "TO"])
  })

  it("has a legend with counts over all fields", () => {
    expect(svg).toContain("Share of runs that completed (4 of 12 runs)")
    expect(svg).toContain("TX: tx starvation, 5 runs")
    expect(svg).toContain("RX: rx starvation, 1 run<")
  })

  it("has a pattern for every class and outcome but stopped runs", () => {
    const drawn = new Set([...svg.matchAll(/<pattern id="class-(\w+)"/g)].map(([, code]) => code))
    expect([...CODE_WORDS.keys()].filter((code) => !drawn.has(code))).toEqual(["--"])
    const paths = [...svg.matchAll(/<path d="([^"]*)"/g)].map(([, path]) => path)
    expect(new Set(paths).size).toBe(paths.length)
  })

  it("draws a map of one parameter, and what was not run", () => {
    const line = heatMap("fake", mapOfCodes([[["c"], []]], { xs: ["a very long value of an axis", "b"], ys: null }))
    expect(unbalanced(line)).toEqual([])
    expect(line).toContain(">not run</text>")
    expect(line).toContain("rotate(-35")
    expect(line).not.toContain("down:")
  })

  it("takes no share of runs that were stopped", () => {
    const stopped = heatMap("fake", mapOfCodes([[["c", "c", "s"], ["s"]]], { xs: ["1", "2"], ys: null }))
    expect(stopped).toContain("packetsPerSecond 1: 2 of 2 completed, -- 1</title>")
    expect(stopped).toContain(">2/2</text>")
    expect(stopped).toContain("packetsPerSecond 2: stopped</title>")
    expect(stopped).toContain("Share of runs that completed (2 of 2 runs)")
    expect(stopped).toContain("--: stopped, 2 runs")
  })

  it("has no text that begins left of the picture", () => {
    const xs = ["a value of an axis that is longer than most", "a very long value of an axis"]
    for (const ys of [null, ["r8169"]]) {
      const drawn = heatMap("fake", mapOfCodes([[["c"], ["c"]]], { xs, ys }))
      const starts = [...drawn.matchAll(/<text x="([\d.]+)"([^>]*)>([^<]*)</g)].map(([, x, attributes, text]) => {
        const length = text.length * 13 * 0.57 * (attributes.includes("rotate(-35") ? Math.cos(35 * Math.PI / 180) : 1)
        const share = attributes.includes("\"end\"") ? 1 : attributes.includes("\"middle\"") ? 0.5 : 0
        return { text, start: Number(x) - share * length }
      })
      expect(starts.map(({ text }) => text)).toContain(xs[0])
      expect(starts.filter(({ start }) => start < 0)).toEqual([])
    }
  })

  it("has text of enough contrast on every colour: 4.5 to 1 of WCAG", () => {
    for (let share = 0; share <= 1; share += 0.01) {
      const { black, white } = contrasts(share)
      expect(inkOn(share) === "#000000" ? black : white).toBeGreaterThanOrEqual(4.5)
    }
    expect(shareColour(1)).toBe("#edf8fb")
    expect(shareColour(0)).toBe("#810f7c")
  })
})
