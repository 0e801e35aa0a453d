import { panelSvg } from "#src/chart.ts"
import { expect, it } from "vitest"

const FRAME = { x: 0, y: 0, width: 100, timesNs: [0, 1, 2], fromNs: 0, toNs: 2 }
const NONE = Number.NaN

const drawn = (values: ReadonlyArray<number>): string =>
  panelSvg({
    title: "panel",
    height: 50,
    lines: [{ name: "line", colour: "#000000", mark: "circle", values, band: { low: values, high: values } }]
  }, FRAME)

it.each([[[NONE, 20, 40]], [[20, NONE, 40]], [[20, 40, NONE]]])("draws what was measured of %j", (values) => {
  const svg = drawn(values)
  expect(svg).not.toContain("NaN")
  // the axis goes up to 40, and two values have a mark
  expect(svg).toContain(">40</text>")
  expect(svg.match(/m-3\.5,0/g)).toHaveLength(2)
})
