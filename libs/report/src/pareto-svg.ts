// What can be bought as a picture: price across, what it gives upward. Full marks on the line are what nothing else beats in
// both; hollow ones are bad buys. Marks have the numbers of a list beside them, so that no name covers another; offers at one
// price that give the same share a mark.
import type { Offer, Pareto } from "@swaplab/experiment"
import { niceStep } from "./chart.ts"
import { plain, quantity } from "./metric-text.ts"
import { drawing, element, round, svgText, textWidth } from "./svg.ts"

const FRAME = { x: 70, y: 86, width: 460, height: 300 }
const LIST = { x: FRAME.x + FRAME.width + 34, step: 21 }
const RADIUS = 9
const INK = "#1a1a1a"
const BLUE = "#0b5fa5"

/** Offers that are drawn: more numbers than that nobody looks up. */
const MOST_OFFERS = 24

/** The values of an offer in a few words: `100 Mbit, hdd`. */
const nameOf = ({ at, kernel }: Offer, several: boolean): string =>
  [...(several ? [kernel] : []), ...Object.values(at)].join(", ")

/** Marks from 0 to just beyond the largest value. */
const ticksTo = (most: number): ReadonlyArray<number> => {
  const step = niceStep(most > 0 ? most : 1, 6)
  return Array.from({ length: Math.floor(most / step) + 2 }, (_, i) => i * step)
}

/** Offers by where they stand, with their numbers in the list. */
const placesOf = (offers: ReadonlyArray<Offer>): ReadonlyArray<{ readonly offer: Offer; readonly numbers: string }> => {
  const keyOf = ({ gives, price }: Offer): string => `${price} ${gives}`
  return offers.flatMap((offer, i) => {
    const same = offers.flatMap((other, j) => keyOf(other) === keyOf(offer) ? [j] : [])
    return same[0] === i ? [{ offer, numbers: same.map((j) => j + 1).join(", ") }] : []
  })
}

const markSvg = (x: number, y: number, numbers: string, full: boolean): string => {
  const width = Math.max(2 * RADIUS, textWidth(numbers, 11) + 8)
  return element("rect", {
    x: round(x - width / 2),
    y: round(y - RADIUS),
    width: round(width),
    height: 2 * RADIUS,
    rx: RADIUS,
    fill: full ? BLUE : "#ffffff",
    stroke: full ? BLUE : "#8a8a8a"
  }) + svgText(x, round(y + 4), numbers, {
    "text-anchor": "middle",
    "font-size": 11,
    fill: full ? "#ffffff" : INK
  })
}

/** Draws it; null where there is no choice, or too large a one. */
export const paretoSvg = (name: string, { better, metric, offers }: Pareto): string | null => {
  if (offers.length < 2 || offers.length > MOST_OFFERS) return null
  const several = new Set(offers.map(({ kernel }) => kernel)).size > 1
  const text = (value: number): string => metric === null ? plain(value) : quantity(metric.unit, value)
  const given = (value: number): string =>
    metric === null ? `${plain(value)} ${value === 1 ? "client" : "clients"}` : text(value)
  const across = ticksTo(Math.max(...offers.map(({ price }) => price)))
  const up = ticksTo(Math.max(...offers.map(({ gives }) => gives)))
  const xOf = (price: number): number => round(FRAME.x + price / across[across.length - 1] * FRAME.width)
  const yOf = (gives: number): number => round(FRAME.y + (1 - gives / up[up.length - 1]) * FRAME.height)
  const bottom = FRAME.y + FRAME.height
  const front = offers.filter((offer) => offer.front)
  // what a price buys stays the same until the next better offer
  const steps = [
    ...front.flatMap(({ gives, price }, i) =>
      i === 0 ? [`M${xOf(price)} ${yOf(gives)}`] : [`H${xOf(price)}`, `V${yOf(gives)}`]
    ),
    `H${FRAME.x + FRAME.width}`
  ]
  const lines = offers.map((offer, i) =>
    `(${i + 1}) ${nameOf(offer, several)}: ${given(offer.gives)} for ${plain(offer.price)}`
  )
  const width = LIST.x + Math.max(...lines.map((line) => textWidth(line, 12.5))) + 24
  const gives = metric?.name ?? "clients"
  return drawing(
    Math.ceil(width),
    Math.max(bottom + 58, FRAME.y + offers.length * LIST.step + 24),
    `What to buy: ${name}`,
    svgText(24, 30, `${name}: what to buy`, { "font-size": 18, "font-weight": "bold" }),
    svgText(
      24,
      50,
      `On the line: nothing else gives as ${
        better === "more" ? "much" : "little"
      } for less money. Prices are those of the scenario.`,
      { fill: "#444444" }
    ),
    ...up.flatMap((value) => [
      element("line", { x1: FRAME.x, x2: FRAME.x + FRAME.width, y1: yOf(value), y2: yOf(value), stroke: "#e6e6e6" }),
      svgText(FRAME.x - 8, yOf(value) + 4, text(value), { "text-anchor": "end", "font-size": 11 })
    ]),
    ...across.map((value) =>
      svgText(xOf(value), bottom + 18, plain(value), { "text-anchor": "middle", "font-size": 11 })
    ),
    element("rect", { ...FRAME, fill: "none", stroke: "#8a8a8a" }),
    svgText(FRAME.x + FRAME.width, bottom + 38, "price", { "text-anchor": "end", "font-size": 12 }),
    svgText(FRAME.x, FRAME.y - 6, gives, { "font-size": 12 }),
    element("path", { d: steps.join(" "), fill: "none", stroke: BLUE, "stroke-width": 1.6 }),
    ...placesOf(offers).map(({ numbers, offer }) => markSvg(xOf(offer.price), yOf(offer.gives), numbers, offer.front)),
    ...lines.map((line, i) =>
      svgText(LIST.x, FRAME.y + 12 + i * LIST.step, line, {
        "font-size": 12.5,
        ...(offers[i].front ? { "font-weight": "bold" } : {})
      })
    )
  )
}
