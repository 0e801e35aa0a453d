// Rules and advice about the server's disk.
import { formatQuantity, mismatch, type Rule, SIZE, TIME } from "@swaplab/config"
import { clientsOf } from "../clients.ts"
import { diskOf } from "../disks.ts"
import type { Scenario } from "../scenario.ts"
import { serverFor, serversOf } from "../servers.ts"
import type { Advice } from "./advice.ts"
import { serverEntries } from "./server-rules.ts"

export const DISK_RULES: ReadonlyArray<Rule<Scenario>> = [{
  name: "a 99th percentile is not below the median",
  broken: (scenario) =>
    serverEntries(scenario).flatMap(({ config: { disk }, path }) =>
      (["read", "write"] as const).flatMap((direction) =>
        typeof disk === "string" || disk[direction].p99 >= disk[direction].median ? [] : [{
          path: [...path, "disk", direction, "p99"],
          text: mismatch(`"${formatQuantity(TIME, disk[direction].p99)}"`, "a time that is not shorter than the median")
        }]
      )
    )
}]

export const DISK_ADVICE: ReadonlyArray<Advice> = [{
  name: "a disk smaller than the swap of all clients",
  of: ({ scenario }) => {
    const servers = serversOf(scenario)
    const given = new Map<string, number>()
    for (const { group, name } of clientsOf(scenario, "")) {
      const server = serverFor(servers, name, group.server)
      given.set(server.name, (given.get(server.name) ?? 0) + group.swap)
    }
    return servers.flatMap(({ config, name, path }) => {
      const { capacityBytes } = diskOf(config)
      const swap = given.get(name) ?? 0
      return swap <= capacityBytes ? [] : [{
        path: [...path, "disk"],
        text: `${formatQuantity(SIZE, capacityBytes)} hold less than the swap of all clients${
          servers.length === 1 ? "" : ` of ${name}`
        }, ${formatQuantity(SIZE, swap)}: writes fail when it is full`
      }]
    })
  }
}]
