// /proc/buddyinfo and /proc/zoneinfo. Kernels without CONFIG_NUMA leave the NUMA counters out.
// source: mm/vmstat.c:frag_show_print, zoneinfo_show_print
import type { Memory } from "./memory.ts"
import { NR_VM_ZONE_STAT_ITEMS, VMSTAT_NAMES } from "./vmstat-items.ts"
import { isNumaItem } from "./vmstat.ts"
import { WMARK_HIGH, WMARK_LOW, WMARK_MIN, type Zone } from "./zone.ts"

const zoneHeading = (zone: Zone): string => `Node ${zone.node}, zone ${zone.name.padStart(8)}`

/** Content of /proc/buddyinfo: free blocks by order, a line per populated zone. */
export const buddyinfoText = (memory: Memory): string => {
  let text = ""
  for (const zone of memory.populatedZones) {
    text += `${zoneHeading(zone)} `
    for (const blocks of zone.nrFree) text += `${String(blocks).padStart(6)} `
    text += "\n"
  }
  return text
}

const zoneText = (zone: Zone, numa: boolean): string => {
  let text = `${zoneHeading(zone)}
  pages free     ${zone.free}
        min      ${zone.watermark[WMARK_MIN]}
        low      ${zone.watermark[WMARK_LOW]}
        high     ${zone.watermark[WMARK_HIGH]}
        scanned  ${zone.pagesScanned}
        spanned  ${zone.spanned}
        present  ${zone.present}
`
  for (let item = 0; item < NR_VM_ZONE_STAT_ITEMS; item++) {
    if (isNumaItem(item) && !numa) continue
    text += `    ${VMSTAT_NAMES[item].padEnd(12)} ${zone.pageState(item)}\n`
  }
  text += `        protection: (${zone.lowmemReserve.join(", ")})\n  pagesets\n`
  zone.pcp.forEach((pcp, cpu) => {
    text += `    cpu: ${cpu}
              count: ${pcp.count}
              high:  ${pcp.high}
              batch: ${pcp.batch}
  vm stats threshold: ${zone.statThreshold}
`
  })
  return text + `  all_unreclaimable: ${zone.allUnreclaimable ? 1 : 0}
  start_pfn:         ${zone.startPfn}
  inactive_ratio:    ${zone.inactiveRatio}
`
}

/** Content of /proc/zoneinfo. */
export const zoneinfoText = (memory: Memory): string =>
  memory.populatedZones.map((zone) => zoneText(zone, memory.numa !== null)).join("")
