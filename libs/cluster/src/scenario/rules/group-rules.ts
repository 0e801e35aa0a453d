// Rules about client groups, each by itself and all of them together.
import {
  firstMoment,
  forEach,
  formatDistribution,
  formatQuantity,
  mismatch,
  mistakeIn,
  plural,
  quoteValue,
  type Rule,
  type RuleRow,
  rulesOf,
  SHARE,
  SIZE,
  TIME
} from "@swaplab/config"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import type { WorkloadTable } from "@swaplab/workload"
import { clientsOf } from "../clients.ts"
import { clientFacts, loadsOf } from "../loads.ts"
import type { ClientGroup } from "../machines.ts"
import type { RootConfig } from "../roots.ts"
import type { Scenario } from "../scenario.ts"

const size = (bytes: number): string => formatQuantity(SIZE, bytes)

/** Share of RAM that may be taken before the kernel has booted. */
export const BOOT_SHARE = 0.8

/** Bytes of the reserve, where it is given. */
export const reserved = ({ minFree }: ClientGroup): number => minFree === "auto" ? 0 : minFree

/** Bytes of the zones of a group. */
const pagesIn = ({ dma, dma32, normal }: NonNullable<ClientGroup["zones"]>): number =>
  (dma + dma32 + normal) * PAGE_SIZE

/** What is asked of a group by itself. */
const ROWS: ReadonlyArray<RuleRow<ClientGroup>> = [
  {
    name: "RAM is whole pages",
    path: ["ram"],
    holds: ({ ram }) => ram % PAGE_SIZE === 0,
    words: ({ ram }) => mismatch(size(ram), "whole pages of 4 KiB")
  },
  {
    name: "zones are what ram is",
    path: ["zones"],
    holds: ({ ram, zones }) => zones === undefined || (pagesIn(zones) <= ram && pagesIn(zones) > ram / 2),
    words: ({ ram, zones }) =>
      mismatch(
        `zones of ${size(zones === undefined ? 0 : pagesIn(zones))}`,
        `more than half of ram and no more than it: ${size(ram)}`
      )
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
    holds: (group) => group.pageCache * group.ram + reserved(group) <= BOOT_SHARE * group.ram,
    words: (group) => {
      const { minFree, pageCache, ram } = group
      const most = formatQuantity(SHARE, Math.floor(100 * (BOOT_SHARE - reserved(group) / ram)) / 100)
      const rest = minFree === "auto" ? "the rest" : "the rest of what minFree leaves"
      return mismatch(`${pageCache * 100} %`, `at most ${most}: the kernel needs ${rest} to boot`)
    }
  }
]

/** What is asked of the root image of a group. */
const ROOT_ROWS: ReadonlyArray<RuleRow<RootConfig>> = [
  {
    name: "a block of squashfs is a power of two",
    path: ["root", "block"],
    holds: ({ block }) => (block & (block - 1)) === 0,
    words: ({ block }) => mismatch(size(block), "a power of two from 4 KiB to 1 MiB")
  },
  {
    name: "squashfs stores something",
    path: ["root", "ratio"],
    holds: ({ ratio }) => ratio > 0,
    words: () => mismatch(`"0 %"`, "more than 0 %")
  }
]

/** Root images against what the loads of a group use, and against those of other groups. */
const rootRules = (workloads: WorkloadTable): ReadonlyArray<Rule<Scenario>> => [
  ...forEach(
    (scenario: Scenario) =>
      groupsOf(scenario).flatMap(([at, { root }]) => root === undefined ? [] : [[at, root] as const]),
    rulesOf(ROOT_ROWS)
  ),
  {
    name: "a root image holds the files of the programs",
    broken: (scenario) =>
      groupsOf(scenario).flatMap(([at, group]) => {
        const { root } = group
        const wanted = loadsOf(group, workloads).reduce((sum, { plan }) => sum + (plan.rootPages ?? 0), 0) * PAGE_SIZE
        return root === undefined || root.size >= wanted ? [] : [{
          path: [...at, "root", "size"],
          text: mismatch(size(root.size), `at least ${size(wanted)}, which the programs of its workloads read`)
        }]
      })
  },
  {
    name: "groups with one image agree about it",
    broken: ({ clients }) =>
      clients.flatMap(({ root }, i) => {
        if (root === undefined || root.from === "disk") return []
        const first = clients.find((group) => group.root?.from === "nbd" && group.root.image === root.image)
        const kind = ({ block, format, ratio, size: bytes }: RootConfig): string =>
          JSON.stringify(format === "ext4" ? [format, bytes] : [format, bytes, block, ratio])
        return first?.root === undefined || kind(first.root) === kind(root) ? [] : [{
          path: ["clients", i, "root", "image"],
          text: mismatch(
            quoteValue(root.image),
            `a name of its own, or the size, format, block and ratio that it has in group ${first.name}`
          )
        }]
      })
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
  {
    name: "a group is the same as another one",
    broken: ({ clients }) =>
      clients.flatMap(({ count, name, sameAs }, i) => {
        const other = clients.find((group) => group.name === sameAs)
        return sameAs === undefined || (other !== undefined && other.name !== name && other.count >= count) ? [] : [{
          path: ["clients", i, "sameAs"],
          text: mismatch(quoteValue(sameAs), `the name of another group of at least ${plural(count, "client")}`)
        }]
      })
  },
  optionRules(workloads),
  ...rootRules(workloads),
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
