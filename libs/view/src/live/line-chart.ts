// A line over time, with levels that it is read against. It takes columns and keeps nothing.
import { type ComponentChild, h } from "preact"

/** A level with its name. */
export interface Level {
  readonly value: number
  readonly label: string
}

export interface LineChartProps {
  readonly title: string
  /** For whoever cannot see it. */
  readonly description: string
  readonly timesNs: ArrayLike<number>
  readonly values: ArrayLike<number>
  readonly fromNs: number
  readonly toNs: number
  readonly levels: ReadonlyArray<Level>
  /** Top of the scale; without it the largest value. */
  readonly top?: number
  /** Where the reader is; without it nothing marks that. */
  readonly atNs?: number
}

const WIDTH = 600
const HEIGHT = 100

/** Columns of the drawing: more points than these are not seen. */
const POINTS = 300

/** The points of the line, at most one minimum and one maximum a column. */
const pathOf = ({ fromNs, timesNs, toNs, values }: LineChartProps, top: number): string => {
  const span = Math.max(1, toNs - fromNs)
  const x = (ns: number): number => Math.round((ns - fromNs) / span * WIDTH * 10) / 10
  const y = (value: number): number => Math.round((1 - Math.min(1, value / top)) * HEIGHT * 10) / 10
  const step = Math.max(1, Math.ceil(timesNs.length / POINTS))
  let path = ""
  for (let i = 0; i < timesNs.length; i += step) {
    let low = values[i]
    let high = values[i]
    for (let j = i; j < Math.min(i + step, timesNs.length); j++) {
      low = Math.min(low, values[j])
      high = Math.max(high, values[j])
    }
    path += `${path === "" ? "M" : "L"}${x(timesNs[i])} ${y(high)}`
    if (low < high) path += `L${x(timesNs[i])} ${y(low)}`
  }
  return path
}

/** Labels of levels that are less than this apart, in percent of the height, stand in one line: they would cover each other. */
const LABEL_PERCENT = 20

/** Labels with their places: of levels that lie close together one for all, at the highest of them. */
const labelsOf = (
  levels: ReadonlyArray<Level>,
  top: number
): ReadonlyArray<{ readonly percent: number; readonly words: string }> => {
  const labels: Array<{ readonly percent: number; readonly words: string }> = []
  for (const { label, value } of levels.toSorted((a, b) => b.value - a.value)) {
    const percent = Math.round((1 - Math.min(1, value / top)) * 100)
    const above = labels.at(-1)
    if (above !== undefined && percent - above.percent < LABEL_PERCENT) {
      labels[labels.length - 1] = { percent: above.percent, words: `${above.words}, ${label}` }
    } else {
      labels.push({ percent, words: label })
    }
  }
  return labels
}

/** The chart. Words stand outside of the drawing, so that it may be stretched. */
export const LineChart = (props: LineChartProps): ComponentChild => {
  const { atNs, description, fromNs, levels, title, toNs, values } = props
  const atX = atNs === undefined ? 0 : (atNs - fromNs) / Math.max(1, toNs - fromNs) * WIDTH
  let most = 1
  for (let i = 0; i < values.length; i++) most = Math.max(most, values[i])
  const top = props.top ?? Math.max(most, ...levels.map(({ value }) => value * 1.2))
  return h(
    "figure",
    { class: "chart" },
    h("figcaption", null, title),
    h(
      "svg",
      {
        viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": description
      },
      levels.map(({ value }) =>
        h("line", {
          class: "level",
          x1: 0,
          x2: WIDTH,
          y1: (1 - Math.min(1, value / top)) * HEIGHT,
          y2: (1 - Math.min(1, value / top)) * HEIGHT
        })
      ),
      h("path", { class: "line", d: pathOf(props, top) }),
      atNs === undefined ? null : h("line", { class: "at", x1: atX, x2: atX, y1: 0, y2: HEIGHT })
    ),
    h(
      "div",
      { class: "levels", "aria-hidden": "true" },
      labelsOf(levels, top).map(({ percent, words }) => h("span", { style: { top: `${percent}%` } }, words))
    )
  )
}
