// /proc/buddyinfo and /proc/zoneinfo of a node. The NUMA counters of zoneinfo are left out.
// source: mm/vmstat.c:frag_show_print, zoneinfo_show_print
import type { Node } from "./node.ts"
import { NR_VM_ZONE_STAT_ITEMS, VMSTAT_NAMES } from "./vmstat-items.ts"
import { WMARK_HIGH, WMARK_LOW, WMARK_MIN, type Zone } from "./zone.ts"

const zoneHeading = (zone: Zone): string => `Node 0, zone ${zone.name.padStart(8)}`

/** Content of /proc/buddyinfo: free blocks by order, a line per populated zone. */
export const buddyinfoText = (node: Node): string => {
  let text = ""
  for (const zone of node.populatedZones) {
    text += `${zoneHeading(zone)} `
    for (const blocks of zone.nrFree) text += `${String(blocks).padStart(6)} `
    text += "\n"
  }
  return text
}

const zoneText = (zone: Zone): string => {
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
export const zoneinfoText = (node: Node): string => node.populatedZones.map(zoneText).join("")
