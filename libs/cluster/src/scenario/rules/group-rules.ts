// Rules about client groups, each by itself and all of them together.
import {
  firstMoment,
  forEach,
  formatDistribution,
  formatQuantity,
  mismatch,
  mistakeIn,
  quoteValue,
  type Rule,
  type RuleRow,
  rulesOf,
  SIZE,
  TIME
} from "@swaplab/config"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import type { WorkloadTable } from "@swaplab/workload"
import { clientsOf } from "../clients.ts"
import { clientFacts, loadsOf } from "../loads.ts"
import type { ClientGroup } from "../machines.ts"
import type { Scenario } from "../scenario.ts"

const size = (bytes: number): string => formatQuantity(SIZE, bytes)

/** What is asked of a group by itself. */
const ROWS: ReadonlyArray<RuleRow<ClientGroup>> = [
  {
    name: "RAM is whole pages",
    path: ["ram"],
    holds: ({ ram }) => ram % PAGE_SIZE === 0,
    words: ({ ram }) => mismatch(size(ram), "whole pages of 4 KiB")
  },
  {
    name: "minFree leaves half of RAM",
    path: ["minFree"],
    holds: ({ minFree, ram }) => minFree === "auto" || minFree <= ram / 2,
    words: ({ minFree, ram }) => mismatch(size(Number(minFree)), `auto, or at most half of RAM: ${size(ram / 2)}`)
  },
  {
    name: "the page cache leaves room to boot",
    path: ["pageCache"],
    holds: ({ pageCache }) => pageCache <= 0.8,
    words: ({ pageCache }) => mismatch(`${pageCache * 100} %`, "at most 80 %: the kernel needs the rest to boot")
  }
]

/** The path of a group, with the group. */
export const groupsOf = ({ clients }: Scenario): ReadonlyArray<readonly [["clients", number], ClientGroup]> =>
  clients.map((group, i) => [["clients", i], group])

/** What workloads ask of their options. */
const optionRules = (workloads: WorkloadTable): Rule<Scenario> => ({
  name: "workloads have options that fit together",
  broken: (scenario) =>
    groupsOf(scenario).flatMap(([at, group]) => {
      const client = clientFacts(group)
      return loadsOf(group, workloads).flatMap(({ options, path, row }) =>
        (row.rules ?? []).filter((rule) => !rule.holds(options, client)).map((rule) => ({
          path: [...at, ...path, ...rule.path],
          text: rule.words(options, client)
        }))
      )
    })
})

export const groupRules = (workloads: WorkloadTable): ReadonlyArray<Rule<Scenario>> => [
  {
    name: "groups have names of their own",
    broken: ({ clients }) =>
      clients.flatMap(({ name }, i) =>
        clients.findIndex((group) => group.name === name) === i
          ? []
          : [{ path: ["clients", i, "name"], text: mismatch(quoteValue(name), "a name that no other group has") }]
      )
  },
  optionRules(workloads),
  ...forEach(groupsOf, rulesOf(ROWS)),
  {
    name: "a start is a time of the run, and before its end",
    broken: ({ clients, clock, duration }) =>
      clients.flatMap(({ start }, i) => {
        const mistake = mistakeIn(start, clock)
        const expected = mistake ?? (firstMoment(start, clock) < duration
          ? null
          : `a time before the end of the scenario, whose duration is ${formatQuantity(TIME, duration)}`)
        return expected === null
          ? []
          : [{ path: ["clients", i, "start"], text: mismatch(quoteValue(formatDistribution(start)), expected) }]
      })
  },
  {
    name: "clients have names of their own",
    broken: (scenario) => {
      // groups of one name are told of already
      if (new Set(scenario.clients.map(({ name }) => name)).size < scenario.clients.length) return []
      const names = clientsOf(scenario, "").map((client) => client.name)
      const twice = names.find((name, i) => names[i - 1] === name)
      return twice === undefined ? [] : [{ path: ["clients"], text: `two clients are called ${twice}, rename a group` }]
    }
  }
]
