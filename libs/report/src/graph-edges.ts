// The arrows of a drawn wait-for graph: at which side of a box they leave and arrive, and along which curve.
import type { WaitEdge } from "@swaplab/cluster"
import { type Box, FRAME, type Layout } from "./graph-layout.ts"
import { round } from "./svg.ts"

type Side = "left" | "right" | "top" | "bottom"

/** One arrow, as a cubic curve. */
export interface Arrow {
  readonly edge: WaitEdge
  readonly path: string
  /** Points of the curve, evenly over its parameter: from where it leaves to where it arrives. */
  readonly points: ReadonlyArray<readonly [x: number, y: number]>
}

/** Points that are known of a curve. */
const POINTS = 40

interface Ends {
  readonly edge: WaitEdge
  readonly from: Box
  readonly to: Box
  readonly out: Side
  readonly into: Side
}

const centre = (box: Box): number => box.y + box.height / 2

/** Neighbours in a column are joined top to bottom, others in it by a curve at its right side. */
const sidesOf = (from: Box, to: Box, between: boolean): readonly [Side, Side] => {
  if (from.column === to.column) {
    if (between) return ["right", "right"]
    return from.y < to.y ? ["bottom", "top"] : ["top", "bottom"]
  }
  return from.column < to.column ? ["right", "left"] : ["left", "right"]
}

const endsOf = (edges: ReadonlyArray<WaitEdge>, { boxes, frame }: Layout): ReadonlyArray<Ends> =>
  edges.flatMap((edge) => {
    const from = boxes.get(edge.from)
    const to = edge.to === FRAME ? frame : boxes.get(edge.to) ?? null
    if (from === undefined || to === null) return []
    const between = [...boxes.values()].some((box) =>
      box.column === from.column && box !== from && box !== to && (box.y - from.y) * (box.y - to.y) < 0
    )
    const [out, into] = sidesOf(from, to, between)
    return [{ edge, from, to, out, into }]
  })

/** A point on a side of a box: the ends there share it evenly, in the order of where they lead. */
const pointOf = (box: Box, side: Side, ends: ReadonlyArray<Ends>, mine: Ends): readonly [number, number] => {
  const other = (item: Ends): Box => (item.from === box ? item.to : item.from)
  const here = ends
    .filter((item) => (item.from === box && item.out === side) || (item.to === box && item.into === side))
    .toSorted((a, b) => centre(other(a)) - centre(other(b)) || other(a).x - other(b).x)
  const share = (here.indexOf(mine) + 1) / (here.length + 1)
  switch (side) {
    case "left":
      return [box.x, box.y + box.height * share]
    case "right":
      return [box.x + box.width, box.y + box.height * share]
    case "top":
      return [box.x + box.width * share, box.y]
    case "bottom":
      return [box.x + box.width * share, box.y + box.height]
  }
}

const DIRECTION: Readonly<Record<Side, readonly [number, number]>> = {
  left: [-1, 0],
  right: [1, 0],
  top: [0, -1],
  bottom: [0, 1]
}

const distance = (dx: number, dy: number): number => Math.sqrt(dx * dx + dy * dy)

/** A coordinate of a cubic curve at a share of its way. */
const at = (a: number, b: number, c: number, d: number, share: number): number => {
  const rest = 1 - share
  return rest * rest * rest * a + 3 * rest * rest * share * b + 3 * rest * share * share * c + share * share * share * d
}

/** The arrows of all edges. */
export const arrowsOf = (edges: ReadonlyArray<WaitEdge>, layout: Layout): ReadonlyArray<Arrow> => {
  const ends = endsOf(edges, layout)
  return ends.map((item): Arrow => {
    const { edge, from, into, out, to } = item
    const [x1, y1] = pointOf(from, out, ends, item)
    const [x2, y2] = pointOf(to, into, ends, item)
    const bend = out === into ? 70 : Math.max(24, distance(x2 - x1, y2 - y1) * 0.4)
    const [dx1, dy1] = DIRECTION[out]
    const [dx2, dy2] = DIRECTION[into]
    const [cx1, cy1] = [x1 + dx1 * bend, y1 + dy1 * bend]
    const [cx2, cy2] = [x2 + dx2 * bend, y2 + dy2 * bend]
    return {
      edge,
      path: `M${round(x1)} ${round(y1)} C${round(cx1)} ${round(cy1)} ${round(cx2)} ${round(cy2)} ${round(x2)} ${
        round(y2)
      }`,
      points: Array.from({ length: POINTS + 1 }, (_, i) => [
        at(x1, cx1, cx2, x2, i / POINTS),
        at(y1, cy1, cy2, y2, i / POINTS)
      ])
    }
  })
}
