// What was found in the curves of a sweep: the Universal Scalability Law, operational bounds, offers by price.
import { plural } from "@swaplab/config"
import { type Bounds, type CurveFit, MOST_LITTLE_ERROR, type Pareto, shortNames } from "@swaplab/experiment"
import { type Block, type Document, item, key, left, paragraph, right, type Row, section, table } from "./document.ts"
import { latency, NONE, percent } from "./format.ts"
import { estimateText, plain, quantity } from "./metric-text.ts"

/** What was found in the curves of a sweep. */
export interface Analysis {
  readonly usl: ReadonlyArray<CurveFit>
  readonly bounds: ReadonlyArray<Bounds>
  readonly pareto: Pareto | null
}

/** A peak far beyond what was measured is no measurement. */
const BEYOND = 2

const peakText = (
  ns: ReadonlyArray<number>,
  peak: number | null,
  interval: { low: number; high: number } | null
): string => {
  if (peak === null) return "none: it only grows"
  const most = Math.max(...ns)
  if (peak > BEYOND * most) return `beyond ${BEYOND * most}, twice the most that was measured`
  return interval === null ? plain(peak) : `${plain(peak)} (${plain(interval.low)} to ${plain(interval.high)})`
}

const fitBlocks = ({ curve, fit, metric, ns }: CurveFit): ReadonlyArray<Block> => {
  const name = curve === "" ? metric.name : `${metric.name}, ${curve}`
  if (typeof fit === "string") return [item(`  ${name}: no fit, ${fit}`, "warn")]
  const residuals = ns.map((n, i) =>
    `${n}: ${fit.residuals[i] >= 0 ? "+" : ""}${(fit.residuals[i] * 100).toFixed(1)} %`
  )
  return [
    item(
      `  ${name}: σ ${plain(fit.sigma)}, κ ${plain(fit.kappa)}, γ ${quantity(metric.unit, fit.gamma)}; N at peak: ${
        peakText(ns, fit.peak, fit.peakInterval)
      }`
    ),
    item(`    measured over fitted: ${residuals.join(", ")}`),
    ...(fit.fits
      ? []
      : [item(`    does not fit: off by up to ${percent(fit.worst)}, 10 % is the limit; do not use N at peak`, "warn")])
  ]
}

/** The fits of the Universal Scalability Law. */
const uslSection = (fits: ReadonlyArray<CurveFit>): Document =>
  section("Universal Scalability Law: γ N / (1 + σ (N - 1) + κ N (N - 1))", fits.flatMap(fitBlocks))

const boundBlocks = (bounds: Bounds): ReadonlyArray<Block> => {
  const { curve, cycleSeconds, demands, knee, most, points, servers } = bounds
  const several = servers > 1
  const rows = points.map(({ above, bound, busiest, n, share, throughput, utilisation }): Row => [
    String(n),
    estimateText(null, throughput),
    ...(several ? [percent(share)] : []),
    { text: `${plain(bound)}${above ? " !" : ""}`, tone: above ? "warn" : "strong" },
    busiest,
    percent(utilisation)
  ])
  const above = points.filter((point) => point.above).map(({ n }) => n)
  const little = points.flatMap(({ littleError, n }) =>
    littleError === null || littleError <= MOST_LITTLE_ERROR ? [] : [{ littleError, n }]
  )
  return [
    ...(curve === "" ? [] : [item(`  ${curve}`)]),
    table([
      right("clients"),
      right("requests/s"),
      ...(several ? [right("busiest server")] : []),
      right("bound"),
      left("busiest"),
      right("use")
    ], rows),
    item(
      `  Demand of a request where the fewest clients are: ${
        demands.map(({ resource, seconds }) => `${resource} ${latency(seconds * 1e9)}`).join(", ")
      }; D + Z ${latency(cycleSeconds * 1e9)}. Bounds: N / (D + Z) and ${
        several ? "1 / (V Dmax), V the share of the busiest server; 1 / Dmax" : "1 / Dmax"
      } = ${plain(most)} requests/s by the ${demands[0].resource}; they meet at ${plain(knee)} ${
        knee === 1 ? "client" : "clients"
      }.`
    ),
    ...(above.length === 0 ? [] : [item(
      `  ! above the bound by more than the interval at ${above.join(", ")} ${
        above.length === 1 && above[0] === 1 ? "client" : "clients"
      }: a demand is not what it was with the fewest `
        + "(merged requests, page cache, read-ahead), or the fewest were in each other's way.",
      "warn"
    )]),
    ...little.map(({ littleError, n }) =>
      item(
        `  Little's law is off by ${percent(littleError)} at ${plural(n, "client")}: the window is not steady.`,
        "warn"
      )
    )
  ]
}

/** The operational bounds. */
const boundsSection = (all: ReadonlyArray<Bounds>): Document =>
  section("Operational laws: X <= min(N / (D + Z), 1 / Dmax)", all.flatMap(boundBlocks))

/** What can be bought. */
const paretoSection = (pareto: Pareto | null): Document => {
  if (pareto === null) return []
  const { better, metric, offers } = pareto
  const paths = [...new Set(offers.flatMap(({ at }) => Object.keys(at)))]
  const several = new Set(offers.map(({ kernel }) => kernel)).size > 1
  const rows = offers.map(({ at, front, gives, kernel, price }): Row => [
    front ? { text: "*", tone: "good" } : "",
    ...(several ? [kernel] : []),
    ...paths.map((path) => at[path] ?? NONE),
    plain(price),
    metric === null ? plain(gives) : quantity(metric.unit, gives),
    price === 0 || better === "less"
      ? NONE
      : metric === null
      ? plain(gives / price * 1000)
      : quantity(metric.unit, gives / price * 1000)
  ])
  return section("What to buy", [
    table([
      key(""),
      ...(several ? [key("kernel")] : []),
      ...shortNames(paths).map(key),
      right("price"),
      right(metric?.name ?? "clients"),
      right("for 1000")
    ], rows),
    paragraph(
      `*: nothing else gives ${better === "more" ? "as much" : "as little"} for less money. `
        + (metric === null
          ? "clients: the most of those measured for which every run, there and with fewer, keeps the thresholds. "
          : "")
        + "Prices are those of the scenario."
    ),
    ...shortNames(paths).flatMap((name, i) => name === paths[i] ? [] : [item(`  ${name}: ${paths[i]}`)])
  ])
}

/** All that was found. */
export const analysisSections = ({ bounds, pareto, usl }: Analysis): Document => [
  ...uslSection(usl),
  ...boundsSection(bounds),
  ...paretoSection(pareto)
]
