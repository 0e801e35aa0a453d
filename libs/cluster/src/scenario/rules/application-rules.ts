// Rules and advice about thin clients and the server of their programs.
import { type Finding, formatQuantity, mismatch, type Rule, SIZE } from "@swaplab/config"
import { WHEN_LOST } from "@swaplab/kernel"
import type { WorkloadTable } from "@swaplab/workload"
import { anonymousBytes, loadsOf, programsOf } from "../loads.ts"
import type { ClientGroup } from "../machines.ts"
import type { Scenario } from "../scenario.ts"
import { type Advice, type IdleRow } from "./advice.ts"

const size = (bytes: number): string => formatQuantity(SIZE, bytes)

const isThin = ({ programs }: ClientGroup): boolean => programs === "server"

/** A rule about each group of thin clients. */
const forThinClients = (
  name: string,
  words: (group: ClientGroup, scenario: Scenario) => string | null
): Rule<Scenario> => ({
  name,
  broken: (scenario) =>
    scenario.clients.flatMap((group, i): ReadonlyArray<Finding> => {
      const text = isThin(group) ? words(group, scenario) : null
      return text === null ? [] : [{ path: ["clients", i, "programs"], text }]
    })
})

export const applicationRules = (workloads: WorkloadTable): ReadonlyArray<Rule<Scenario>> => [
  forThinClients("thin clients have a server of programs", (_, { applications }) =>
    applications === undefined
      ? mismatch("server", "client, or a section applications that says what the programs run on")
      : null),
  forThinClients("a thin client does not reboot by itself", ({ nbd }) =>
    WHEN_LOST[nbd.whenLost].reboots
      ? "with nbd.whenLost: reboot expected client: what becomes of programs on a server without their screen is not modelled"
      : null),
  forThinClients("the workload of thin clients can be divided", (group) => {
    const [{ name, row }] = loadsOf(group, workloads)
    if (row.divides === true) return null
    const able = Object.entries(workloads).filter(([, { divides, slot }]) => slot === "workload" && divides === true)
    const others = able.length === 0 ? "" : `, or a workload that can: ${able.map(([other]) => other).join(", ")}`
    return mismatch("server", `client, since ${name} cannot be divided between a client and a server${others}`)
  })
]

/** A server of programs that nobody uses. */
export const UNUSED_APPLICATIONS: IdleRow<Scenario> = {
  path: ["applications"],
  idle: ({ clients }) => !clients.some(isThin),
  reason: "no group of clients has programs: server"
}

export const APPLICATION_ADVICE: Advice = {
  name: "a server of programs that is too small",
  of: ({ scenario, workloads }) => {
    const { applications, clients } = scenario
    const thin = clients.filter(isThin)
    if (applications === undefined || thin.length === 0) return []
    const groups = thin.flatMap((group) => Array.from({ length: group.count }, () => group))
    const mapped = anonymousBytes(programsOf(groups, workloads))
    const { ram, swap } = applications
    return mapped <= ram + swap ? [] : [{
      path: ["applications", "swap"],
      text:
        `${size(swap)} may be too little: the programs of ${groups.length} people map up to ${
          size(mapped)
        }, RAM and swap `
        + `hold ${size(ram + swap)}. When they are full, the OOM killer decides`
    }]
  }
}
