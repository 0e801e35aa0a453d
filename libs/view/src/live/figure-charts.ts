// Several figures of one machine over time, a chart each, with a line where the reader is.
import { type ComponentChild, h } from "preact"
import { type Level, LineChart } from "./line-chart.ts"

/** One figure. */
export interface Figure {
  readonly title: string
  readonly values: ArrayLike<number>
  readonly levels?: ReadonlyArray<Level>
  /** Top of the scale; without it a little above all values. */
  readonly top?: number
}

export interface FigureChartsProps {
  readonly timesNs: ArrayLike<number>
  readonly figures: ReadonlyArray<Figure>
  readonly atNs: number
}

/** So much higher than the largest value is the top of a chart, so that its line is seen whole. */
const ABOVE = 1.06

/** The last value at or before a time. */
const valueAt = (timesNs: ArrayLike<number>, values: ArrayLike<number>, atNs: number): number => {
  let i = 0
  while (i + 1 < timesNs.length && timesNs[i + 1] <= atNs) i++
  return values[i] ?? 0
}

const worded = (value: number): string =>
  Number.isInteger(value) ? String(value) : value.toFixed(Math.abs(value) < 10 ? 2 : 0)

/** The charts. Figures that are 0 all the time are named below them. */
export const FigureCharts = ({ atNs, figures, timesNs }: FigureChartsProps): ComponentChild => {
  const isZero = ({ values }: Figure): boolean => Array.from(values).every((value) => value === 0)
  const flat = figures.filter(isZero).map(({ title }) => title.toLowerCase())
  return h(
    "div",
    { class: "figures" },
    figures.filter((figure) => !isZero(figure)).map(({ levels = [], title, top, values }) => {
      let most = 0
      for (let i = 0; i < values.length; i++) most = Math.max(most, values[i])
      const words = `${worded(valueAt(timesNs, values, atNs))}, at most ${worded(most)}`
      return h(LineChart, {
        title: `${title}: ${words}`,
        description: `${title} over time; now ${words}`,
        timesNs,
        values,
        levels,
        top: top ?? most * ABOVE,
        fromNs: timesNs[0] ?? 0,
        toNs: Math.max(1, timesNs[timesNs.length - 1] ?? 0),
        atNs
      })
    }),
    flat.length === 0 ? null : h("p", { class: "soft" }, `Always 0: ${flat.join(", ")}.`)
  )
}
