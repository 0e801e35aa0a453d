// The wait-for graph of a lockup as a drawing: the cycle in red, all other ways round it dashed, the rest in grey.
import { knotOf, type LockupReport, type WaitEdge, type WaitNodeKind } from "@swaplab/cluster"
import { moment } from "./format.ts"
import type { Arrow } from "./graph-edges.ts"
import { LABEL, type Label, planOf } from "./graph-labels.ts"
import { type Box, FRAME, FRAMED, frameTitle, LINE, TITLE } from "./graph-layout.ts"
import { drawing, element, round, svgText, textWidth } from "./svg.ts"

const FILL: Readonly<Record<WaitNodeKind, string>> = {
  task: "#dbe9f8",
  resource: "#fdf1cf",
  lock: "#f6dcc4",
  requests: "#ececec",
  network: "#dff0dd",
  fault: "#f4c7c3",
  alive: "#ffffff"
}

const KINDS: ReadonlyArray<readonly [WaitNodeKind, string]> = [
  ["task", "task"],
  ["resource", "something that has run out"],
  ["lock", "lock"],
  ["requests", "block requests"],
  ["network", "network"],
  ["fault", "fault of the scenario"],
  ["alive", "goes on by itself"]
]

const RED = "#c1272d"
const GREY = "#8a8a8a"
const INK = "#1a1a1a"
const HEADER = 100

type Weight = "cycle" | "knot" | "other"

const STROKE: Readonly<Record<Weight, { readonly stroke: string; readonly "stroke-width": number }>> = {
  cycle: { stroke: RED, "stroke-width": 3 },
  knot: { stroke: RED, "stroke-width": 1.4 },
  other: { stroke: GREY, "stroke-width": 1.2 }
}

const boxSvg = (box: Box, inCycle: boolean): string => {
  const { height, lines, node, title, width, x, y } = box
  const below = y + 3 + title.length * TITLE.line
  return element(
    "g",
    {},
    element("rect", {
      x,
      y,
      width,
      height,
      rx: node.kind === "task" ? 12 : 2,
      fill: FILL[node.kind],
      stroke: inCycle ? RED : "#5c5c5c",
      "stroke-width": inCycle ? 2.2 : 1,
      ...(node.kind === "alive" ? { "stroke-dasharray": "5 4" } : {})
    }),
    ...title.map((line, i) =>
      svgText(x + width / 2, y + TITLE.line * (i + 1) + 1, line, {
        "text-anchor": "middle",
        "font-weight": "bold",
        "font-size": TITLE.size
      })
    ),
    ...lines.map((line, i) =>
      svgText(x + width / 2, below + LINE.line * (i + 1) - 2, line, { "text-anchor": "middle", "font-size": LINE.size })
    )
  )
}

const frameSvg = (frame: Box): string => {
  const { height, title: [title], width, x, y } = frame
  const words = frameTitle(frame)
  return element(
    "g",
    {},
    element("rect", { x, y, width, height, rx: 4, fill: "#f7f7f7", stroke: "#b5b5b5" }),
    svgText(round(words.x + words.width / 2), words.y + 14, title, {
      "text-anchor": "middle",
      "font-size": LINE.size,
      fill: "#5c5c5c"
    })
  )
}

const arrowSvg = ({ path }: Arrow, weight: Weight): string =>
  element("path", {
    d: path,
    fill: "none",
    ...STROKE[weight],
    ...(weight === "knot" ? { "stroke-dasharray": "6 4" } : {}),
    "marker-end": `url(#${weight === "other" ? "grey" : "red"})`
  })

const labelSvg = ({ height, lines, width, x, y }: Label, weight: Weight): string =>
  element(
    "g",
    {},
    element("rect", { x: round(x), y: round(y), width: round(width), height, fill: "#ffffff", opacity: 0.86 }),
    ...lines.map((line, i) =>
      svgText(round(x + width / 2), round(y + LABEL.line * (i + 1) - 2), line, {
        "text-anchor": "middle",
        "font-size": LABEL.size,
        fill: weight === "other" ? "#5c5c5c" : weight === "cycle" ? RED : INK
      })
    )
  )

const marker = (id: string, fill: string): string =>
  element(
    "marker",
    {
      id,
      viewBox: "0 0 10 10",
      refX: 9,
      refY: 5,
      markerWidth: 11,
      markerHeight: 11,
      orient: "auto",
      markerUnits: "userSpaceOnUse"
    },
    element("path", { d: "M0 1 L10 5 L0 9 z", fill })
  )

const legend = (y: number, kinds: ReadonlySet<WaitNodeKind>): ReadonlyArray<string> => {
  let x = 32
  return KINDS.filter(([kind]) => kinds.has(kind)).flatMap(([kind, words]) => {
    const at = x
    x += 44 + textWidth(words, 12)
    return [
      element("rect", {
        x: at,
        y,
        width: 20,
        height: 14,
        rx: kind === "task" ? 5 : 1,
        fill: FILL[kind],
        stroke: "#5c5c5c"
      }),
      svgText(at + 26, y + 11, words, { "font-size": 12 })
    ]
  })
}

/**
 * Draws the graph of a lockup, or of a client that still runs; `of` says of which run: `seed-2012, slub-vanilla, seed 1`.
 * Without `taxonomy` nothing is said of what starved.
 */
export const graphSvg = (
  report: Pick<LockupReport, "client" | "atNs" | "graph"> & Partial<Pick<LockupReport, "taxonomy">>,
  of: string
): string => {
  const { graph } = report
  const knot = knotOf(graph)
  const weightOf = ({ from, to, label }: WaitEdge): Weight => {
    if (to === FRAME) {
      const inside = FRAMED.map((id) => weightOf({ from, to: id, label }))
      return inside.includes("cycle") ? "cycle" : inside.includes("knot") ? "knot" : "other"
    }
    const at = graph.cycle.indexOf(from)
    if (at >= 0 && graph.cycle[(at + 1) % graph.cycle.length] === to) return "cycle"
    return knot.has(from) && knot.has(to) ? "knot" : "other"
  }
  const { arrows, labels, layout, listed } = planOf(graph, HEADER, (edge) => weightOf(edge) === "cycle")
  const titleOf = (id: string): string =>
    graph.nodes.find((node) => node.id === id)?.title ?? layout.frame?.node.title ?? id
  const notes = listed.map(({ from, label, to }) => `${titleOf(from)} → ${titleOf(to)}: ${label}`)
  const height = layout.height + 58 + notes.length * LINE.line
  const starved = report.taxonomy === undefined ? "" : `, ${report.taxonomy}`
  const ways = graph.cycle.length === 0
    ? "There is no cycle."
    : graph.closed
    ? "Red: the cycle. Dashed: other ways round. No way leads out."
    : "Red: the cycle. A way leads out of it."
  return drawing(
    layout.width,
    height,
    `wait-for graph of ${report.client}`,
    element("defs", {}, marker("red", RED), marker("grey", GREY)),
    svgText(32, 32, `Who waits for whom: ${report.client} at ${moment(report.atNs)}${starved}`, {
      "font-size": 18,
      "font-weight": "bold"
    }),
    svgText(32, 54, `${of}. An arrow leads from who waits to what it needs. ${ways}`, { fill: "#444444" }),
    ...(layout.frame === null ? [] : [frameSvg(layout.frame)]),
    ...arrows.map((arrow) => arrowSvg(arrow, weightOf(arrow.edge))),
    ...[...layout.boxes.values()].map((box) => boxSvg(box, graph.cycle.includes(box.node.id))),
    ...labels.map((label) => labelSvg(label, weightOf(label.edge))),
    ...notes.map((note, i) => svgText(32, layout.height + 34 + i * LINE.line, note, { "font-size": LABEL.size })),
    ...legend(height - 28, new Set(graph.nodes.map(({ kind }) => kind)))
  )
}
