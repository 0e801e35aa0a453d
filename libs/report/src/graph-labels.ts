// Where the words of the arrows stand. A label is a rectangle on its arrow or beside it that meets no node, no other label
// and not the edge of the drawing. Of all places that are free the best one is taken: in the middle of the arrow, off the
// other arrows, hiding little of its own. Where none is free the gaps between the nodes are widened; words that find no
// place then either are listed below the drawing.
import type { WaitEdge, WaitGraph } from "@swaplab/cluster"
import { type Arrow, arrowsOf } from "./graph-edges.ts"
import { framedEdges, frameTitle, type Layout, layoutOf, meet, type Rect } from "./graph-layout.ts"
import { textWidth } from "./svg.ts"
import { breakText } from "./text-words.ts"

/** The words of an arrow, and where they stand. */
export interface Label extends Rect {
  readonly edge: WaitEdge
  readonly lines: ReadonlyArray<string>
}

/** A graph as it is drawn. */
export interface Plan {
  readonly layout: Layout
  readonly arrows: ReadonlyArray<Arrow>
  readonly labels: ReadonlyArray<Label>
  /** Edges whose words are listed below. */
  readonly listed: ReadonlyArray<WaitEdge>
}

/** Size of letters and of lines, in pixels. */
export const LABEL = { size: 11.5, line: 14 }
/** Characters of a line that are tried, the best first. */
const WIDTHS = [22, 30, 16, 12]
/** Factors for the gaps between nodes that are tried. */
const SPREADS = [1, 1.25, 1.5, 2, 3]
/** Pixels between a label and what it must not meet. */
const GAP = 2
/** Lowest line of the header above the drawing. */
const HEADER_GAP = 36

/** A label at a point: on it, above, below, left or right of it; with what that costs. */
const SIDES: ReadonlyArray<readonly [dx: number, dy: number, cost: number]> = [
  [0, 0, 0],
  [0, -1, 0.8],
  [0, 1, 1],
  [1, 0, 1.2],
  [-1, 0, 1.4]
]

const contains = ({ height, width, x, y }: Rect, [px, py]: readonly [number, number]): boolean =>
  px >= x && px <= x + width && py >= y && py <= y + height

/** The best place for the words of an arrow, or null. */
const placeOf = (
  arrow: Arrow,
  others: ReadonlyArray<Arrow>,
  taken: ReadonlyArray<Rect>,
  bounds: Rect
): Label | null => {
  let best: Label | null = null
  let least = Number.POSITIVE_INFINITY
  const last = arrow.points.length - 1
  for (const [rank, characters] of WIDTHS.entries()) {
    const lines = breakText(arrow.edge.label, characters)
    const width = Math.max(...lines.map((line) => textWidth(line, LABEL.size))) + 6
    const height = lines.length * LABEL.line + 2
    for (let i = 2; i <= last - 2; i++) {
      const [px, py] = arrow.points[i]
      for (const [dx, dy, side] of SIDES) {
        const x = px - width / 2 + dx * (width / 2 + 5)
        const y = py - height / 2 + dy * (height / 2 + 4)
        const rect = { x, y, width, height }
        const inside = x >= bounds.x && y >= bounds.y && x + width <= bounds.x + bounds.width &&
          y + height <= bounds.y + bounds.height
        if (!inside || taken.some((other) => meet(rect, other, GAP))) continue
        const hidden = arrow.points.filter((point) => contains(rect, point)).length / arrow.points.length
        const crossed = others.filter((other) => other.points.some((point) => contains(rect, point))).length
        const cost = Math.abs(i / last - 0.5) * 4 + side + rank * 0.5 + crossed * 3 + Math.max(0, hidden - 0.2) * 6
        if (cost < least) {
          least = cost
          best = { ...rect, edge: arrow.edge, lines }
        }
      }
    }
  }
  return best
}

const planWith = (
  graph: WaitGraph,
  top: number,
  spread: number,
  first: (edge: WaitEdge) => boolean
): Plan => {
  const layout = layoutOf(graph, top, spread)
  const arrows = arrowsOf(framedEdges(graph.edges, layout), layout)
  // the same words on two ways out of a node are said once
  const labelled = arrows.filter(({ edge }, i) =>
    first(edge) ||
    !arrows.some((other, j) =>
      other.edge.from === edge.from && other.edge.label === edge.label && j !== i && (j < i || first(other.edge))
    )
  )
  const bounds = { x: 4, y: top - HEADER_GAP, width: layout.width - 8, height: layout.height - top + HEADER_GAP + 20 }
  const taken: Array<Rect> = [...layout.boxes.values(), ...(layout.frame === null ? [] : [frameTitle(layout.frame)])]
  const labels: Array<Label> = []
  const listed: Array<WaitEdge> = []
  for (const arrow of labelled.toSorted((a, b) => Number(first(b.edge)) - Number(first(a.edge)))) {
    if (arrow.edge.label.trim() === "") continue
    const label = placeOf(arrow, arrows.filter((other) => other !== arrow), taken, bounds)
    if (label === null) listed.push(arrow.edge)
    else {
      labels.push(label)
      taken.push(label)
    }
  }
  return { layout, arrows, labels, listed }
}

/** Plans a drawing below `top`; the words of the edges that are `first` get their places first. */
export const planOf = (graph: WaitGraph, top: number, first: (edge: WaitEdge) => boolean): Plan => {
  let plan = planWith(graph, top, SPREADS[0], first)
  for (const spread of SPREADS.slice(1)) {
    if (plan.listed.length === 0) return plan
    const wider = planWith(graph, top, spread, first)
    if (wider.listed.length < plan.listed.length) plan = wider
  }
  return plan
}
