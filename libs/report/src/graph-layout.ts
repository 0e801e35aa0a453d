// Where the nodes of a wait-for graph stand: each kind has its place, so that graphs of different lockups can be compared.
//
//   column 0: the sender, what stands between it and the receiver (socket or receive path), the receiver
//   column 1: free pages, requests to be sent, requests sent
//   column 2: slots, mempools, page locks
//   column 3: all tasks that wait
import type { WaitEdge, WaitGraph, WaitNode } from "@swaplab/cluster"
import { textWidth } from "./svg.ts"
import { breakText } from "./text-words.ts"

/** A rectangle; `x` and `y` are its upper left corner. */
export interface Rect {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Whether two rectangles have a point in common, or come closer than `gap`. */
export const meet = (a: Rect, b: Rect, gap = 0): boolean =>
  a.x < b.x + b.width + gap && b.x < a.x + a.width + gap && a.y < b.y + b.height + gap && b.y < a.y + a.height + gap

/** A node as it is drawn. */
export interface Box extends Rect {
  readonly node: WaitNode
  readonly title: ReadonlyArray<string>
  readonly lines: ReadonlyArray<string>
  readonly column: number
  x: number
  y: number
}

const BOX_WIDTH = 222
const COLUMN_GAP = 180
const ROW_GAP = 62
const STACK_GAP = 34
const MARGIN = 32
/** Sizes of letters and of lines, in pixels. */
export const TITLE = { size: 14, line: 18 }
export const LINE = { size: 12, line: 17 }
/** Space between the text of a box and its edge, both sides together. */
const PADDING = 12

/** Column and rank of the nodes that are known by name. */
const PLACES: Readonly<Record<string, readonly [column: number, rank: number]>> = {
  nbd0: [0, 1],
  socket: [0, 2],
  "receive ring": [0, 2],
  "nbd-client": [0, 3],
  wire: [0, 4],
  alive: [0, 5],
  memory: [1, 1],
  unsent: [1, 2],
  sent: [1, 3],
  isolated: [2, 0],
  unread: [2, 1]
}

const placeOf = (node: WaitNode, index: number): readonly [number, number] =>
  PLACES[node.id] ?? [node.kind === "task" ? 3 : 2, 2 + index]

/** A box of the right size for its text. */
const boxOf = (node: WaitNode, column: number): Box => {
  const characters = (size: number): number => Math.floor((BOX_WIDTH - PADDING) / textWidth("x", size))
  const title = breakText(node.title, characters(TITLE.size))
  const lines = node.lines.flatMap((line) => breakText(line, characters(LINE.size)))
  const height = PADDING + title.length * TITLE.line + lines.length * LINE.line
  return { node, title, lines, column, x: 0, y: 0, width: BOX_WIDTH, height }
}

/** The frame around requests to be sent and requests sent: what waits for any request points at it. */
export const FRAME = "requests"
export const FRAMED: ReadonlyArray<string> = ["unsent", "sent"]
const FRAME_LEFT = 16
const FRAME_TITLE = "block requests outstanding"
/** Room for the curve from free pages to the requests that are sent. */
const FRAME_RIGHT = 70

export interface Layout {
  readonly boxes: ReadonlyMap<string, Box>
  readonly frame: Box | null
  readonly width: number
  readonly height: number
}

/**
 * Places all nodes below `top`. The first two columns share their rows, the others are stacked and centred. `spread`
 * widens the gaps between them.
 */
export const layoutOf = (graph: WaitGraph, top: number, spread = 1): Layout => {
  const rowGap = ROW_GAP * spread
  const stackGap = STACK_GAP * spread
  const columnX = (column: number): number =>
    MARGIN + column * (BOX_WIDTH + COLUMN_GAP * spread) + (column > 1 ? FRAME_RIGHT + 36 : 0)
  const placed = graph.nodes.map((node, i) => {
    const [column, rank] = placeOf(node, i)
    return { box: boxOf(node, column), rank }
  })
  const ranks = [...new Set(placed.filter(({ box }) => box.column < 2).map(({ rank }) => rank))].sort((a, b) => a - b)
  // an arrow from the sender to the isolated pages passes over the first row
  const first = placed.some(({ box }) => box.node.id === "isolated") ? top + 84 : top
  let y = first
  for (const rank of ranks) {
    const row = placed.filter((item) => item.box.column < 2 && item.rank === rank)
    // two of a row that stand in the same column stand below each other
    const stacks = [0, 1].map((column) => row.map(({ box }) => box).filter((box) => box.column === column))
    const heights = stacks.map((stack) => stack.reduce((sum, box) => sum + box.height + stackGap, -stackGap))
    const height = Math.max(...heights)
    stacks.forEach((stack, i) => {
      let at = y + (height - heights[i]) / 2
      for (const box of stack) {
        box.y = at
        at += box.height + stackGap
      }
    })
    y += height + rowGap
  }
  const bottom = y - rowGap
  const columns = Math.max(...placed.map(({ box }) => box.column)) + 1
  let lowest = bottom
  for (let column = 0; column < columns; column++) {
    const stack = placed.filter(({ box }) => box.column === column).sort((a, b) => a.rank - b.rank)
    for (const { box } of stack) box.x = columnX(column)
    if (column < 2) continue
    const total = stack.reduce((sum, { box }) => sum + box.height + stackGap, -stackGap)
    let at = Math.max(top, top + (bottom - top - total) / 2)
    for (const { box } of stack) {
      if (box.node.id === "isolated") at = top
      box.y = at
      at += box.height + stackGap
    }
    lowest = Math.max(lowest, at - stackGap)
  }
  const frame = frameOf(placed.map(({ box }) => box))
  return {
    boxes: new Map(placed.map(({ box }) => [box.node.id, box])),
    frame,
    width: columnX(columns - 1) + BOX_WIDTH + MARGIN,
    height: Math.max(lowest, frame === null ? 0 : frame.y + frame.height)
  }
}

const frameOf = (boxes: ReadonlyArray<Box>): Box | null => {
  const inside = boxes.filter(({ node }) => FRAMED.includes(node.id))
  if (inside.length < 2) return null
  const top = Math.min(...inside.map(({ y }) => y)) - 16
  const bottom = Math.max(...inside.map(({ height, y }) => y + height)) + 16
  const [{ column, x }] = inside
  return {
    node: { id: FRAME, kind: "requests", title: FRAME_TITLE, lines: [] },
    title: [FRAME_TITLE],
    lines: [],
    column,
    x: x - FRAME_LEFT,
    y: top,
    width: FRAME_LEFT + BOX_WIDTH + FRAME_RIGHT,
    height: bottom - top
  }
}

/** Where the title of the frame stands: between the two boxes in it. */
export const frameTitle = ({ height, title: [title], x, y }: Box): Rect => {
  const width = textWidth(title, LINE.size)
  return { x: x + FRAME_LEFT + (BOX_WIDTH - width) / 2, y: y + height / 2 - 10, width, height: 18 }
}

/** Edges as they are drawn: what points at both kinds of requests from the right points at their frame, once. */
export const framedEdges = (edges: ReadonlyArray<WaitEdge>, { boxes, frame }: Layout): ReadonlyArray<WaitEdge> => {
  if (frame === null) return edges
  const toFrame = (from: string): boolean =>
    (boxes.get(from)?.column ?? 0) > frame.column &&
    FRAMED.every((id) => edges.some((edge) => edge.from === from && edge.to === id))
  return edges.flatMap((edge) => {
    if (!FRAMED.includes(edge.to) || !toFrame(edge.from)) return [edge]
    return edge.to === FRAMED[0] ? [{ ...edge, to: FRAME }] : []
  })
}
