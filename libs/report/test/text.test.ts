import { key, left, paragraph, prose, right, type Row, table } from "#src/document.ts"
import { drawText, item, section, type Sheet } from "@swaplab/report"
import { describe, expect, it } from "vitest"

const ESCAPE = String.fromCharCode(27)

const draw = (width: number, ...blocks: Parameters<typeof section>[1]): ReadonlyArray<string> =>
  drawText(section(null, blocks), { width, colour: false }).trimEnd().split("\n")

describe("a paragraph", () => {
  it.each([
    ["aaa bbb ccc", ["  aaa bbb ccc"]],
    [
      "a word after the other until the line ends there",
      ["  a word after the other until the line", "  ends there"]
    ],
    ["the last progress of these runs was 12 ms", ["  the last progress of these runs was", "  12 ms"]],
    [
      "it maps 4x RAM at 1 Gbit and needs 12.5 MiB",
      ["  it maps 4x RAM at 1 Gbit and needs", "  12.5 MiB"]
    ],
    [
      `${"x".repeat(30)}|${"y".repeat(30)}`,
      [`  ${"x".repeat(30)}|`, `  ${"y".repeat(30)}`]
    ],
    ["z".repeat(50), [`  ${"z".repeat(38)}`, `  ${"z".repeat(12)}`]],
    ["\u65e5".repeat(20), [`  ${"\u65e5".repeat(19)}`, "  \u65e5"]],
    ["a\nb\tc", ["  a b c"]],
    [`a${ESCAPE}[2Jb`, ["  a\ufffd[2Jb"]]
  ])("%j in 40 columns", (text, lines) => expect(draw(40, paragraph(text))).toEqual(lines))

  it("keeps the indent of an item, and indents what follows further", () => {
    expect(draw(40, item("    a line of a list that goes on and on"))).toEqual([
      "    a line of a list that goes on and on"
    ])
    expect(draw(40, item("    a line of a list that goes on and on."))).toEqual([
      "    a line of a list that goes on and",
      "      on."
    ])
  })

  it("is no narrower than 40 columns", () => {
    expect(draw(5, paragraph("a word after the other"))).toEqual(["  a word after the other"])
  })
})

describe("a table", () => {
  const wide = [key("kernel"), left("expected"), right("locked up"), right("elapsed s"), right("sys s")]
  const row: Row = ["slab-vanilla", "completed", "0/10", "3240.70", "202.61"]

  it("aligns text to the left and figures to the right", () => {
    expect(draw(80, table([key("name"), right("n")], [["a", "1"], ["long name", "1000"]]))).toEqual([
      "  name          n",
      "  a             1",
      "  long name  1000"
    ])
  })

  it("has titles of one line where there is room, else of several", () => {
    expect(draw(58, table(wide, [row]))).toEqual([
      "  kernel        expected   locked up  elapsed s   sys s",
      "  slab-vanilla  completed       0/10    3240.70  202.61"
    ])
    expect(draw(50, table(wide, [row]))).toEqual([
      "                           locked  elapsed",
      "  kernel        expected       up        s   sys s",
      "  slab-vanilla  completed    0/10  3240.70  202.61"
    ])
  })

  it("moves columns without room to a second part, under the names of the rows", () => {
    expect(draw(40, table(wide, [row]))).toEqual([
      "  kernel        expected   locked up",
      "  slab-vanilla  completed       0/10",
      "",
      "  kernel        elapsed s   sys s",
      "  slab-vanilla    3240.70  202.61"
    ])
  })

  it("breaks names that take more than half of the line, and no figure", () => {
    const name = "slub-with-a-name-that-is-very-long"
    expect(draw(40, table(wide, [[name, ...row.slice(1)]])).slice(0, 3)).toEqual([
      "                                  locked",
      "  kernel               expected       up",
      "  slub-with-a-name-    completed    0/10"
    ])
  })

  it("gives sentences what the other columns leave", () => {
    const rows = [["14", "gives the sender the reserve, which nobody else may use"]]
    expect(draw(44, table([key("no."), prose("meaning")], rows))).toEqual([
      "  no.  meaning",
      "  14   gives the sender the reserve, which",
      "       nobody else may use"
    ])
    expect(draw(80, table([key("no."), prose("meaning")], rows))[1]).toBe(
      "  14   gives the sender the reserve, which nobody else may use"
    )
  })

  it("has no line of titles where there are none", () => {
    expect(draw(80, table([key(""), prose("")], [["a", "b"]]))).toEqual(["  a  b"])
  })
})

describe("colours", () => {
  const colour: Sheet = { width: 40, colour: true }
  const plain: Sheet = { width: 40, colour: false }
  const document = section("Outcomes", [
    table([key("kernel"), right("completed")], [["a", { text: "0/1", tone: "bad" }], ["b", {
      text: "1/1",
      tone: "good"
    }]]),
    item("  a warning that is longer than one line has columns", "warn")
  ])

  it("are put around texts, not around what aligns them", () => {
    expect(drawText(document, colour).split("\n")).toEqual([
      `${ESCAPE}[1mOutcomes${ESCAPE}[0m`,
      `  ${ESCAPE}[1mkernel${ESCAPE}[0m  ${ESCAPE}[1mcompleted${ESCAPE}[0m`,
      `  a             ${ESCAPE}[31m0/1${ESCAPE}[0m`,
      `  b             ${ESCAPE}[32m1/1${ESCAPE}[0m`,
      `  ${ESCAPE}[33ma warning that is longer than one line${ESCAPE}[0m`,
      `    ${ESCAPE}[33mhas columns${ESCAPE}[0m`,
      ""
    ])
  })

  it("change nothing else", () => {
    expect(drawText(document, colour).replaceAll(new RegExp(`${ESCAPE}\\[\\d+m`, "g"), "")).toBe(
      drawText(document, plain)
    )
  })
})
