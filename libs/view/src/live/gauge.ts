// Free memory of a zone against its watermarks, as a bar: what is free, and the lines at which the kernel begins to work.
import type { LockupZone } from "@swaplab/cluster"
import { type ComponentChild, h } from "preact"
import { counted } from "../counted.ts"

/** The bar ends at so many times the highest watermark; more than that is plenty. */
const SCALE = 2.2

const percent = (share: number): string => `${Math.round(Math.min(1, Math.max(0, share)) * 1000) / 10}%`

/** What stands under a bar, in words. */
const wordsOf = ({ free, low, min }: LockupZone): string =>
  free <= min
    ? "nothing left but the reserve"
    : free <= low
    ? "scarce: the kernel frees pages"
    : "enough"

/** One zone. */
export const Gauge = ({ zone }: { readonly zone: LockupZone }): ComponentChild => {
  const { free, high, low, min, name } = zone
  const full = high * SCALE
  const mark = (at: number, label: string): ComponentChild =>
    h("span", {
      class: `mark ${label}`,
      style: { left: percent(at / full) },
      title: `${label}: ${counted(at, "page")}`
    }, label)
  return h(
    "div",
    { class: "gauge" },
    h("div", { class: "gauge-title" }, h("b", null, `${counted(free, "page")} free`), ` in ${name}: ${wordsOf(zone)}`),
    h(
      "div",
      {
        class: "bar",
        role: "meter",
        "aria-label": `free pages in ${name}`,
        "aria-valuemin": 0,
        "aria-valuemax": Math.round(full),
        "aria-valuenow": Math.min(free, Math.round(full)),
        "aria-valuetext": `${counted(free, "page")} free, min ${min}, low ${low}, high ${high}`
      },
      h("span", { class: "reserve", style: { width: percent(min / full) } }),
      h("span", { class: "fill", style: { width: percent(free / full) } }),
      free > full ? h("span", { class: "more", "aria-hidden": "true" }, "→") : null
    ),
    h("div", { class: "marks", "aria-hidden": "true" }, mark(min, "min"), mark(high, "high"))
  )
}
