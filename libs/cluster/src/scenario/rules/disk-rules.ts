// Rules and advice about the server's disk.
import { formatQuantity, mismatch, type Rule, SIZE, TIME } from "@swaplab/config"
import { diskOf } from "../disks.ts"
import type { Scenario } from "../scenario.ts"
import type { Advice } from "./advice.ts"

export const DISK_RULES: ReadonlyArray<Rule<Scenario>> = [{
  name: "a 99th percentile is not below the median",
  broken: ({ server: { disk } }) =>
    (["read", "write"] as const).flatMap((direction) =>
      typeof disk === "string" || disk[direction].p99 >= disk[direction].median ? [] : [{
        path: ["server", "disk", direction, "p99"],
        text: mismatch(`"${formatQuantity(TIME, disk[direction].p99)}"`, "a time that is not shorter than the median")
      }]
    )
}]

export const DISK_ADVICE: ReadonlyArray<Advice> = [{
  name: "a disk smaller than the swap of all clients",
  of: ({ scenario }) => {
    const { capacityBytes } = diskOf(scenario.server)
    const swap = scenario.clients.reduce((sum, group) => sum + group.count * group.swap, 0)
    return swap <= capacityBytes ? [] : [{
      path: ["server", "disk"],
      text: `${formatQuantity(SIZE, capacityBytes)} hold less than the swap of all clients, ${
        formatQuantity(SIZE, swap)
      }: writes fail when it is full`
    }]
  }
}]
