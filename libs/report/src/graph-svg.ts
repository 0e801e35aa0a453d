// The wait-for graph of a lockup as a drawing: the cycle in red, all other ways round it dashed, the rest in grey.
import { knotOf, type LockupReport, type WaitEdge, type WaitNodeKind } from "@swaplab/cluster"
import { moment } from "./format.ts"
import { type Arrow, arrowsOf } from "./graph-edges.ts"
import { type Box, BOX_WIDTH, FRAME, FRAMED, framedEdges, layoutOf } from "./graph-layout.ts"
import { drawing, element, svgText, textWidth } from "./svg.ts"
import { wrapText } from "./wrap-text.ts"

const FILL: Readonly<Record<WaitNodeKind, string>> = {
  task: "#dbe9f8",
  resource: "#fdf1cf",
  lock: "#f6dcc4",
  requests: "#ececec",
  network: "#dff0dd",
  alive: "#ffffff"
}

const KINDS: ReadonlyArray<readonly [WaitNodeKind, string]> = [
  ["task", "task"],
  ["resource", "something that has run out"],
  ["lock", "lock"],
  ["requests", "block requests"],
  ["network", "network"],
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
  const { height, lines, node, width, x, y } = box
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
    svgText(x + width / 2, y + 21, node.title, {
      "text-anchor": "middle",
      "font-weight": "bold",
      "font-size": textWidth(node.title, 14) > width - 12 ? 12 : 14
    }),
    ...lines.map((line, i) =>
      svgText(x + width / 2, y + 40 + i * 17, line, { "text-anchor": "middle", "font-size": 12 })
    )
  )
}

const frameSvg = ({ height, node, width, x, y }: Box): string =>
  element(
    "g",
    {},
    element("rect", { x, y, width, height, rx: 4, fill: "#f7f7f7", stroke: "#b5b5b5" }),
    svgText(x + 16 + BOX_WIDTH / 2, y + height / 2 + 4, node.title, {
      "text-anchor": "middle",
      "font-size": 12,
      fill: "#5c5c5c"
    })
  )

const arrowSvg = ({ path }: Arrow, weight: Weight): string =>
  element("path", {
    d: path,
    fill: "none",
    ...STROKE[weight],
    ...(weight === "knot" ? { "stroke-dasharray": "6 4" } : {}),
    "marker-end": `url(#${weight === "other" ? "grey" : "red"})`
  })

const labelSvg = ({ aside, edge, level, x: centre, y: middle }: Arrow, weight: Weight): string => {
  const lines = wrapText(edge.label, 22)
  const width = Math.max(...lines.map((line) => textWidth(line, 11.5))) + 6
  const height = lines.length * 14 + 2
  const y = level ? middle - height / 2 - 5 : middle
  const x = aside ? centre + width / 2 + 4 : centre
  return element(
    "g",
    {},
    element("rect", { x: x - width / 2, y: y - height / 2, width, height, fill: "#ffffff", opacity: 0.86 }),
    ...lines.map((line, i) =>
      svgText(x, y - height / 2 + 12 + i * 14, line, {
        "text-anchor": "middle",
        "font-size": 11.5,
        fill: weight === "other" ? "#5c5c5c" : weight === "cycle" ? RED : INK
      })
    )
  )
}

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

/** Draws the graph of a lockup; `of` says of which run: `seed-2012, slub-vanilla, seed 1`. */
export const graphSvg = (report: LockupReport, of: string): string => {
  const { graph } = report
  const layout = layoutOf(graph, HEADER)
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
  const arrows = arrowsOf(framedEdges(graph.edges, layout), layout)
  // the same words on two ways out of a node are said once
  const labelled = arrows.filter(({ edge }, i) =>
    weightOf(edge) === "cycle" ||
    !arrows.some((other, j) =>
      other.edge.from === edge.from && other.edge.label === edge.label && j !== i &&
      (j < i || weightOf(other.edge) === "cycle")
    )
  )
  const height = layout.height + 58
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
    svgText(32, 32, `Who waits for whom: ${report.client} at ${moment(report.atNs)}, ${report.taxonomy}`, {
      "font-size": 18,
      "font-weight": "bold"
    }),
    svgText(32, 54, `${of}. An arrow leads from who waits to what it needs. ${ways}`, { fill: "#444444" }),
    ...(layout.frame === null ? [] : [frameSvg(layout.frame)]),
    ...arrows.map((arrow) => arrowSvg(arrow, weightOf(arrow.edge))),
    ...[...layout.boxes.values()].map((box) => boxSvg(box, graph.cycle.includes(box.node.id))),
    ...labelled.map((arrow) => labelSvg(arrow, weightOf(arrow.edge))),
    ...legend(height - 28, new Set(graph.nodes.map(({ kind }) => kind)))
  )
}
