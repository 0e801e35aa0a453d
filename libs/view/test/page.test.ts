import { pageHtml } from "@swaplab/view"
import { expect, it } from "vitest"

const PAGE = {
  title: "A <room> & more",
  subtitle: "",
  headline: { value: "38", unit: "clients", sentences: ["Between 36 and 41."] },
  sections: [{
    title: "Limits",
    drawings: [{ svg: "<?xml version=\"1.0\"?>\n<svg width=\"20\"><text>drawn</text></svg>", caption: "A drawing" }],
    blocks: [
      { kind: "paragraph", text: "1 < 2", tone: "bad", indent: 4, hang: 0 },
      { kind: "blank" },
      {
        kind: "table",
        columns: [
          { title: "client", align: "left", use: "key" },
          { title: "pages", align: "right", use: "value" },
          { title: "what", align: "left", use: "prose" }
        ],
        rows: [["pc-1", { text: "12", tone: "warn" }, "a sentence"], ["pc-2"]],
        indent: 2
      }
    ]
  }],
  command: "swaplab run 'a b.yaml'"
} as const

const html = pageHtml(PAGE)

it("has its parts in reading order, and is told twice in the same bytes", () => {
  const parts = [
    "A &lt;room> &amp; more</h1>",
    ">38<",
    "Between 36",
    "Limits",
    "<svg width=\"20\">",
    "A drawing",
    "pc-1",
    "swaplab run"
  ]
  const places = parts.map((part) => html.indexOf(part))
  expect(places).toEqual(places.toSorted((a, b) => a - b))
  expect(Math.min(...places)).toBeGreaterThan(0)
  expect(pageHtml(PAGE)).toBe(html)
})

it("escapes text, and takes a drawing as it is", () => {
  expect(html).toContain("1 &lt; 2")
  expect(html).not.toContain("<room>")
  expect(html).not.toContain("<?xml")
})

it("names rows and columns for readers who hear a table, and has a cell for every column", () => {
  expect(html).toContain("<th scope=\"row\">pc-1</th>")
  expect(html).toContain("<th scope=\"col\" class=\"right\">pages</th>")
  expect(html).toContain("<td class=\"right\"><span class=\"warn\">12</span></td>")
  expect(html.split("<tr>").map((row) => row.split(/<t[dh][ >]/).length - 1).slice(1)).toEqual([3, 3, 3])
})

it("loads nothing and runs nothing", () => {
  expect(html).not.toMatch(/<script|<link|src=|href=|url\(|@import/)
})
