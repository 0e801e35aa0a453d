// Where CPU time went, as folded stacks: a line for each stack, its frames joined by semicolons, and microseconds. flamegraph.pl,
// speedscope and inferno draw it.
import { type ClusterRun, cpuStacks } from "@swaplab/cluster"

/** Semicolons and blanks have a meaning of their own. */
const frame = (name: string): string => name.replaceAll(/[; ]/g, "_")

/** The stacks of all clients, up to now. */
export const foldedStacks = ({ cluster }: ClusterRun): string =>
  cpuStacks(cluster).flatMap(({ frames, ns }) => {
    const us = Math.round(ns / 1000)
    return us === 0 ? [] : [`${frames.map(frame).join(";")} ${us}\n`]
  }).join("")
