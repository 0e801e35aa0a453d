// The words for what a capacity search counts, and for how often and how sure.
import type { Situation } from "@swaplab/experiment"

/** What the levels of a situation count: clients, or the path. */
export const unitOf = ({ ladder: { path }, loaded: { scenario } }: Situation): string => {
  const group = /^clients(?:\.(\d+)|\[(\d+)\])\.count$/.exec(path)
  if (group === null) return path
  const name = scenario.clients[Number(group[1] ?? group[2])]?.name ?? ""
  return name === "client" ? "clients" : `clients called ${name}`
}

/** The value of a level; below the first and beyond the last one in words. */
export const valueOf = ({ ladder: { values } }: Situation, level: number): string =>
  level < 1 ? "none" : level > values.length ? `more than ${values[values.length - 1]}` : String(values[level - 1])

/** A share as a percentage without needless digits. */
export const percentOf = (share: number): string => `${Number((share * 100).toFixed(2))} %`

/** How often in words: 4 of 5 runs. */
export const oftenOf = (share: number): string => {
  for (const  of of[2, 3, 4, 5, 10, 20, 100]) {
    const some = share * of
    if (Math.abs(some - Math.round(some)) < 1e-9) return `${Math.round(some)} of ${of}`
  }
  return percentOf(share)
}
