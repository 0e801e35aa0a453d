// A time-out explained, as the command prints it.
import { formatQuantity, plural, TIME } from "@swaplab/config"
import type { TimeoutExplanation } from "@swaplab/experiment"
import { type Block, type Document, item, section } from "./document.ts"
import { latency, percent, seconds } from "./format.ts"
import { networkCauses } from "./network-causes.ts"
import { PLAIN, type Sheet } from "./sheet.ts"
import { drawText } from "./text.ts"

const progress = ({ timeout: { elapsedNs, pagesTouched, startedNs }, wholeTouches }: TimeoutExplanation): string => {
  const of = wholeTouches === null ? "" : ` of ${wholeTouches} (${percent(pagesTouched / wholeTouches)})`
  if (startedNs === null) return "  progress: none, its start was to be after the end"
  const start = startedNs > 0 ? ` from its start at ${seconds(startedNs)} s on` : ""
  return `  progress: ${pagesTouched} pages touched${of} in ${seconds(elapsedNs)} s${start}`
}

const needed = ({ durationNs, neededNs, timeout: { pagesTouched }, wholeTouches }: TimeoutExplanation): string => {
  const given = `duration is ${formatQuantity(TIME, durationNs)}`
  if (neededNs !== null) return `  ${given}; at this rate it would have needed ${seconds(neededNs)} s`
  if (wholeTouches !== null && pagesTouched === 0) return `  ${given}; it has touched no page, so there is no rate`
  return `  ${given}; its workload does not say how much there is to do, so nobody knows how long it would have needed`
}

/** What made its page-ins wait on their way, and what TCP had to do about it. */
const network = ({ client, network, retransmits, rtos }: TimeoutExplanation["timeout"]): ReadonlyArray<Block> => {
  const causes = networkCauses(network, client)
  const again = retransmits + rtos === 0
    ? []
    : [
      `its swap connection, both ends: ${plural(retransmits, "segment")} sent again, ${
        plural(rtos, "time-out")
      } of TCP (200 ms or more each)`
    ]
  const lines = [...causes, ...again]
  return lines.length === 0
    ? [item("  network: nothing was lost, and nobody paused")]
    : [item("  network, in the whole run:"), ...lines.map((line) => item(`    ${line}`))]
}

const timeoutDocument = (explanation: TimeoutExplanation): Document => {
  const { directScanned, freed, hangNs, kswapdScanned, livelockNs, scanRatio, timeout } = explanation
  const { client, faultLatency, kernel, requests, seed, vmstat } = timeout
  const scanned = kswapdScanned + directScanned
  const perPage = freed === 0 ? "" : `, ${(scanned / freed).toFixed(1)} for each`
  return section(null, [
    item(`${client} with ${kernel}, seed ${seed}: not done in time, no lockup`, "strong"),
    item(progress(explanation)),
    item(
      `  swap: ${vmstat.pswpout ?? 0} pages out, ${
        vmstat.pswpin ?? 0
      } in; the server got ${requests} requests of all clients`
    ),
    item(
      `  reclaim: ${scanned} pages scanned (kswapd ${kswapdScanned}, direct ${directScanned}), ${freed} freed${perPage}`
    ),
    item(
      faultLatency.count === 0
        ? "  waits: no page was read back"
        : `  waits: ${faultLatency.count} major faults, the longest ${latency(faultLatency.maxNs)}`
    ),
    ...network(timeout),
    item(
      `  no lockup: the watchdog found no closed cycle, no ${
        formatQuantity(TIME, hangNs)
      } without a completion (hang), and no ${
        formatQuantity(TIME, livelockNs)
      } in which reclaim scanned ${scanRatio} pages for each that it freed (livelock)`
    ),
    item(needed(explanation), "strong")
  ])
}

/** The explanation of a time-out as text; it ends with a line feed. */
export const renderTimeout = (explanation: TimeoutExplanation, sheet: Sheet = PLAIN): string =>
  drawText(timeoutDocument(explanation), sheet)
