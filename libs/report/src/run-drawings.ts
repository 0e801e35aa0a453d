// The drawings that belong to the report of an experiment.
import type { ExperimentResult } from "@swaplab/experiment"
import { runsOf } from "@swaplab/experiment"
import { graphSvg } from "./graph-svg.ts"
import { roomSvg } from "./room-svg.ts"

/** An SVG file, and a sentence that says what it shows. */
export interface Drawing {
  readonly svg: string
  readonly caption: string
}

/** The first run as a chart over time, and who waited for whom in the first lockup of each kernel. */
export const runDrawings = (result: ExperimentResult): ReadonlyArray<Drawing> => {
  const [first] = result.runs
  if (first === undefined) return []
  const room = {
    svg: roomSvg(first),
    caption: `${first.kernel}, seed ${first.seed}: what the clients do, what they swap, and how busy the servers are.`
  }
  const lockups = result.plan.kernels.flatMap((kernel) => {
    const [report] = runsOf(result.runs, kernel).flatMap(({ clients, seed }) =>
      clients.flatMap(({ lockup }) => lockup === null ? [] : [{ lockup, seed }])
    )
    if (report === undefined) return []
    const { lockup, seed } = report
    return [{
      svg: graphSvg(lockup, `${kernel}, seed ${seed}`),
      caption: `${kernel}, seed ${seed}: who waits for whom in ${lockup.client} when it locks up.`
    }]
  })
  return [room, ...lockups]
}
