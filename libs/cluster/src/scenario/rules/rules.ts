// What one field of a scenario alone cannot tell: names that must refer to something, sizes and times that must fit
// together. A scenario that breaks one of these rules is not run.
import { type Rule, rulesOf } from "@swaplab/config"
import type { WorkloadTable } from "@swaplab/workload"
import { perTable } from "../per-table.ts"
import type { Scenario } from "../scenario.ts"
import { applicationRules } from "./application-rules.ts"
import { COMPRESSED_SWAP_RULES } from "./compressed-swap-rules.ts"
import { DISK_RULES } from "./disk-rules.ts"
import { CARD_RULES, ETHTOOL_RULES } from "./ethtool-rules.ts"
import { FAULT_RULES } from "./fault-rules.ts"
import { groupRules } from "./group-rules.ts"
import { KERNEL_RULES } from "./kernel-rules.ts"
import { LAN_RULES } from "./lan-rules.ts"
import { NUMA_RULES } from "./numa-rules.ts"
import { SERVER_RULES } from "./server-rules.ts"

export const scenarioRules = perTable((workloads: WorkloadTable): ReadonlyArray<Rule<Scenario>> => [
  ...KERNEL_RULES,
  ...groupRules(workloads),
  ...applicationRules(workloads),
  ...SERVER_RULES,
  ...COMPRESSED_SWAP_RULES,
  ...NUMA_RULES,
  ...DISK_RULES,
  ...LAN_RULES,
  ...FAULT_RULES,
  ...ETHTOOL_RULES,
  ...CARD_RULES,
  ...rulesOf<Scenario>([
    {
      name: "a stall is shorter than a hang",
      path: ["watchdog", "stall"],
      holds: ({ watchdog }) => watchdog.stall <= watchdog.hang,
      words: () => "expected a time that is not longer than watchdog.hang"
    }
  ])
])
