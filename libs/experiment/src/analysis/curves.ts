// The curves of a sweep: its cells along the first path, one curve for each kernel and each combination of the other paths.
import type { SweepCell, SweepResult } from "../sweep/sweep.ts"

/** A curve: its name, and its cells by the values of the first path; undefined: not there. */
export interface Curve {
  readonly name: string
  readonly cells: ReadonlyArray<SweepCell | undefined>
}

/** The last part of each path, where that tells them apart; else the whole path. */
export const shortNames = (paths: ReadonlyArray<string>): ReadonlyArray<string> => {
  const last = paths.map((path) => path.split(/[.[]/).findLast((part) => !/^\d*\]?$/.test(part)) ?? path)
  return last.map((name, i) => last.filter((other) => other === name).length === 1 ? name : paths[i])
}

/** The curves of a sweep, in the order of its cells. */
export const curvesOf = ({ cells, plan: { axes, kernels } }: SweepResult): ReadonlyArray<Curve> => {
  if (axes.length === 0) return []
  const names = shortNames(axes.map(({ path }) => path))
  const curves = new Map<string, Array<SweepCell | undefined>>()
  for (const cell of cells) {
    const rest = names.slice(1).map((name, i) => `${name} ${cell.at[i + 1]}`)
    const name = (kernels.length > 1 ? [cell.kernel, ...rest] : rest).join(", ")
    const line = curves.get(name) ?? axes[0].values.map(() => undefined)
    line[cell.field[0]] = cell
    curves.set(name, line)
  }
  return [...curves].map(([name, line]) => ({ name, cells: line }))
}
