// What the user should know about a scenario that can be run: a table of named advice.
import type { Problem, Tree } from "@swaplab/config"
import type { WorkloadTable } from "@swaplab/workload"
import { metricOf } from "../../run/metrics.ts"
import { diskOf } from "../disks.ts"
import { loadsOf } from "../loads.ts"
import type { Scenario } from "../scenario.ts"
import { serversOf } from "../servers.ts"
import { formatThreshold, type Threshold } from "../threshold.ts"
import { type Advice, type Given, idleFindings, type IdleRow, noEffect, placed } from "./advice.ts"
import { APPLICATION_ADVICE, UNUSED_APPLICATIONS } from "./application-rules.ts"
import { COMPRESSED_SWAP_ADVICE, IDLE_CRYPT_COSTS } from "./compressed-swap-rules.ts"
import { DISK_ADVICE } from "./disk-rules.ts"
import { FAULT_ADVICE } from "./fault-rules.ts"
import { GROUP_ADVICE } from "./group-advice.ts"
import { KERNEL_ADVICE } from "./kernel-advice.ts"
import { LAN_ADVICE } from "./lan-rules.ts"
import { IDLE_NUMA_COSTS } from "./numa-rules.ts"
import { SERVER_ADVICE } from "./server-rules.ts"
import { SYSCTL_ADVICE } from "./sysctl-advice.ts"

const IDLE: ReadonlyArray<IdleRow<Scenario>> = [
  UNUSED_APPLICATIONS,
  ...IDLE_CRYPT_COSTS,
  ...IDLE_NUMA_COSTS,
  {
    path: ["lan", "switch", "portLimit"],
    idle: ({ lan }) => lan.flowControl,
    reason: "with flowControl senders pause, and what waits for a port is not limited"
  },
  {
    path: ["lan", "switch", "ecnMark"],
    idle: ({ clients }) => clients.every(({ sysctl }) => sysctl["net.ipv4.tcp_ecn"] !== 1),
    reason: "no client asks for ECN (sysctl net.ipv4.tcp_ecn: 1)"
  },
  {
    path: ["map", "y"],
    idle: ({ map }) => map?.y !== undefined && map.x.path === map.y.path,
    reason: "it is the same parameter as x"
  }
]

/** Why a threshold always holds, or null. */
const idleThreshold = (threshold: Threshold, { scenario, workloads }: Given): string | null => {
  if (
    threshold.metric === "server.diskUtilisation" && serversOf(scenario).every(({ config }) => !diskOf(config).cached)
  ) return "server.disk is memory"
  const [what, workload] = threshold.metric.split(".")
  if (what === "uplink" && (scenario.lan.switches ?? []).length < 2) return "the scenario has no uplinks"
  if (what === "faults" && scenario.faults.length === 0) return "the scenario has no faults"
  if (
    Object.hasOwn(workloads, workload) &&
    scenario.clients.every((group) => loadsOf(group, workloads).every(({ name }) => name !== workload))
  ) return `no client runs ${workload}`
  const scope = metricOf(threshold.metric, workloads)?.scope
  const always = (scope === "client" || scope === "server") && threshold.comparison === ">=" &&
    threshold.value === 0
  return always ? `${formatThreshold(threshold, workloads)} always holds` : null
}

/** All advice, in the order in which it is given. */
const ADVICE: ReadonlyArray<Advice> = [
  ...KERNEL_ADVICE,
  ...GROUP_ADVICE,
  COMPRESSED_SWAP_ADVICE,
  ...DISK_ADVICE,
  APPLICATION_ADVICE,
  ...SERVER_ADVICE,
  ...LAN_ADVICE,
  SYSCTL_ADVICE,
  FAULT_ADVICE,
  { name: "settings without effect", of: (given) => idleFindings(IDLE, given, [], given.scenario) },
  {
    name: "thresholds that always hold",
    of: (given) =>
      (["thresholds", "slo"] as const).flatMap((key) =>
        given.scenario[key].flatMap((threshold, i) => {
          const reason = idleThreshold(threshold, given)
          return reason === null ? [] : [noEffect(given, [key, i], reason)]
        })
      )
  },
  {
    name: "a dead network",
    of: ({ scenario }) =>
      scenario.lan.loss === 1
        ? [{
          path: ["lan", "loss"],
          text: "100 % of all frames are lost: the network is dead, no client reaches the server"
        }]
        : []
  }
]

/** What the user should know about a scenario; `tree` is what was written of it. */
export const warningsOf = (
  scenario: Scenario,
  tree: Tree,
  workloads: WorkloadTable
): ReadonlyArray<Problem> => {
  const given: Given = { scenario, tree, workloads }
  return ADVICE.flatMap(({ of }) => of(given)).map((finding) => placed(given, finding))
}
