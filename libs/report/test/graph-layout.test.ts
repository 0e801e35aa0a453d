// No label of a wait-for graph meets a node, another label or the edge of the drawing; no text leaves its box. For graphs
// drawn by chance, and for the pictures of the documentation.
import { planOf } from "#src/graph-labels.ts"
import { type Rect } from "#src/graph-layout.ts"
import { madeUpLockup, type WaitGraph, type WaitNode } from "@swaplab/cluster"
import { graphSvg } from "@swaplab/report"
import fc from "fast-check"
import { readdirSync, readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"

const meet = (a: Rect, b: Rect): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height

const inside = (a: Rect, b: Rect): boolean =>
  a.x >= b.x && a.y >= b.y && a.x + a.width <= b.x + b.width && a.y + a.height <= b.y + b.height

/** Pairs that meet; a rectangle does not meet itself. */
const meetings = (all: ReadonlyArray<Rect>): ReadonlyArray<readonly [Rect, Rect]> =>
  all.flatMap((a, i) => all.slice(i + 1).filter((b) => meet(a, b)).map((b) => [a, b] as const))

const TOP = 100
const KNOWN = ["nbd0", "memory", "sent", "unsent", "nbd-client", "socket", "isolated", "unread", "wire", "receive ring"]
const KINDS: ReadonlyArray<WaitNode["kind"]> = ["task", "resource", "lock", "requests", "network", "alive"]

const words = fc.oneof(
  fc.constantFrom(
    "order:0, mode:0x280da (GFP_HIGHUSER_MOVABLE|GFP_ZERO)",
    "a request that ends gives its slot back",
    "a request slot",
    "replies"
  ),
  fc.stringMatching(/^[a-zA-Z0-9:_|() ]{1,50}$/)
)

const graphs: fc.Arbitrary<WaitGraph> = fc.record({
  known: fc.subarray(KNOWN, { minLength: 1 }),
  more: fc.integer({ min: 0, max: 8 }),
  kinds: fc.array(fc.constantFrom(...KINDS), { minLength: 1, maxLength: 5 }),
  texts: fc.array(words, { minLength: 1, maxLength: 12 }),
  ends: fc.array(fc.tuple(fc.nat(), fc.nat(), words), { maxLength: 24 })
}).map(({ ends, kinds, known, more, texts }) => {
  const ids = [...known, ...Array.from({ length: more }, (_, i) => `usemem-${i}`)]
  const nodes = ids.map((id, i) => ({
    id,
    kind: kinds[i % kinds.length],
    title: i % 3 === 2 ? texts[i % texts.length] : id,
    lines: texts.slice(i % texts.length, i % texts.length + i % 3)
  }))
  const edges = ends.map(([from, to, label]) => ({ from: ids[from % ids.length], to: ids[to % ids.length], label }))
    .filter(({ from, to }) => from !== to)
  return { nodes, edges, cycle: [], closed: false }
})

it("labels of graphs drawn by chance meet nothing", () => {
  let listed = 0
  let labels = 0
  fc.assert(
    fc.property(graphs, (graph) => {
      const plan = planOf(graph, TOP, (edge) => graph.edges.indexOf(edge) < 3)
      const boxes = [...plan.layout.boxes.values()]
      expect(boxes).toHaveLength(graph.nodes.length)
      expect(meetings([...boxes, ...plan.labels])).toEqual([])
      const drawing = { x: 0, y: 0, width: plan.layout.width, height: plan.layout.height + 30 }
      expect([...boxes, ...plan.labels].filter((rect) => !inside(rect, drawing))).toEqual([])
      expect(boxes.filter(({ y }) => y < TOP)).toEqual([])
      // every word is there, once for each way that needs it
      const said = new Set([...plan.labels.map(({ edge }) => edge.label), ...plan.listed.map(({ label }) => label)])
      expect(graph.edges.filter(({ label }) => label.trim() !== "" && !said.has(label))).toEqual([])
      listed += plan.listed.length
      labels += plan.labels.length
    }),
    { seed: 20120731, numRuns: 150 }
  )
  // the list below is for what has no place at all
  expect(listed / (listed + labels)).toBeLessThan(0.1)
})

it("words that find no place are listed below", () => {
  const nodes = ["nbd0", "memory"].map((id) => ({ id, kind: "task" as const, title: id, lines: [] }))
  const edges = Array.from({ length: 30 }, (_, i) => ({ from: "nbd0", to: "memory", label: `a word of number ${i}` }))
  const graph = { nodes, edges, cycle: [], closed: false }
  const { labels, listed } = planOf(graph, TOP, () => false)
  expect(labels.length + listed.length).toBe(30)
  const svg = graphSvg(madeUpLockup({ graph }), "")
  for (const { label } of listed) expect(svg).toContain(`>nbd0 → memory: ${label}<`)
  expect(listed.length).toBeGreaterThan(0)
})

/** Attributes of the elements of a name. */
const elements = (svg: string, name: string): ReadonlyArray<Readonly<Record<string, string>>> =>
  [...svg.matchAll(new RegExp(`<${name} ([^>]*)>`, "g"))].map(([, attributes]) =>
    Object.fromEntries([...attributes.matchAll(/([a-z-]+)="([^"]*)"/g)].map(([, key, value]) => [key, value]))
  )

describe("the pictures of the documentation", () => {
  const folder = new URL("../../../docs/explanation/", import.meta.url)
  const names = readdirSync(folder).filter((name) => name.endsWith(".svg"))
    .filter((name) => readFileSync(new URL(name, folder), "utf8").includes("<title>wait-for graph"))

  it("are there", () => expect(names.length).toBeGreaterThanOrEqual(3))

  it.each(names)("%s", (name) => {
    const rects = elements(readFileSync(new URL(name, folder), "utf8"), "rect").map((attributes) => ({
      x: Number(attributes["x"] ?? 0),
      y: Number(attributes["y"] ?? 0),
      width: Number(attributes["width"]),
      height: Number(attributes["height"]),
      label: attributes["opacity"] === "0.86",
      // not the paper, not the frame around the requests, not the legend
      node: attributes["stroke"] !== undefined && attributes["fill"] !== "#f7f7f7" && attributes["width"] !== "20"
    })).filter(({ label, node }) => label || node)
    expect(rects.filter(({ label }) => label).length).toBeGreaterThan(3)
    expect(meetings(rects)).toEqual([])
  })
})
