// The faults of a scenario: a line for each beginning, with what it did and what followed.
import type { FaultResult, Scenario } from "@swaplab/cluster"
import { formatQuantity, formatTimeOfDay, plural, TIME } from "@swaplab/config"
import { type ExperimentResult, runsOf } from "@swaplab/experiment"
import { type Block, key, paragraph, prose, right, type Row, table, toned } from "./document.ts"
import { latency, NONE } from "./format.ts"

/** Beginnings of a kernel that are shown. */
const MAX_BEGINNINGS = 20

const when = (ns: number, { clock }: Scenario): string =>
  clock === undefined ? `${(ns / 1e9).toFixed(2)} s` : formatTimeOfDay(clock + ns)

/** How long it lasted, if it has ended. */
const lasted = ({ beganNs, endedNs }: FaultResult): string =>
  endedNs === null ? "to the end" : `for ${latency(endedNs - beganNs)}`

const did = ({ effects, hit }: FaultResult): string =>
  hit
    ? effects.filter(({ count }) => count > 0).map(({ count, what }) => `${what}: ${count}`).join(", ")
    : "nothing"

/** What can follow: a figure, in words. */
const FOLLOWED: ReadonlyArray<readonly [of: (fault: FaultResult) => number, words: (count: number) => string]> = [
  [(fault) => fault.disconnects, (n) => plural(n, "connection lost", "connections lost")],
  [(fault) => fault.reconnects, (n) => `${n} made again`],
  [(fault) => fault.reboots, (n) => plural(n, "boot")],
  [(fault) => fault.timeouts, (n) => plural(n, "TCP time-out")],
  [(fault) => fault.ioErrors, (n) => plural(n, "page with an I/O error", "pages with I/O errors")],
  [
    (fault) => fault.lostSwap,
    (n) => plural(n, "program that found its swap lost", "programs that found their swap lost")
  ],
  [(fault) => fault.sigbus, (n) => plural(n, "program killed by SIGBUS", "programs killed by SIGBUS")],
  [
    (fault) => fault.oomKills,
    (n) => plural(n, "program killed for want of memory", "programs killed for want of memory")
  ],
  [(fault) => fault.lockups, (n) => plural(n, "lockup")]
]

/** Who stood still, of the clients that it concerned. */
const standstill = ({ clients, notBack, stalled }: FaultResult): string => {
  if (clients === 1) {
    return stalled === 0
      ? "the client did not stand still"
      : `the client stood still${notBack === 0 ? "" : " to the end"}`
  }
  if (stalled === 0) return `none of ${clients} clients stood still`
  return `${stalled} of ${clients} clients stood still${notBack === 0 ? "" : `, ${notBack} to the end`}`
}

/** How many of them it did no harm. */
const spared = ({ clients, unharmed }: FaultResult): string => {
  if (clients > 1) return `${unharmed} unharmed`
  return unharmed === 1 ? "unharmed" : "harmed"
}

const followed = (fault: FaultResult): string => {
  const { clients, longestFaultNs, stillNs } = fault
  const figures = FOLLOWED.flatMap(([of, words]) => {
    const count = of(fault)
    return count === 0 ? [] : [words(count)]
  })
  return [
    standstill(fault),
    ...(stillNs === 0
      ? []
      : [`${(stillNs / 1e9).toFixed(stillNs < 99.5e9 ? 1 : 0)} s${clients === 1 ? "" : " together"}`]),
    ...(longestFaultNs === 0 ? [] : [`longest page fault ${latency(longestFaultNs)}`]),
    spared(fault),
    ...figures
  ].join(", ")
}

/** The faults of each kernel's first seed. Nothing in a scenario without faults. */
export const faultTable = (result: ExperimentResult): ReadonlyArray<Block> => {
  const { scenario } = result.plan.loaded
  const runs = result.plan.kernels.flatMap((kernel) => runsOf(result.runs, kernel).slice(0, 1))
  const rows = runs.flatMap((run) =>
    run.faults.slice(0, MAX_BEGINNINGS).map((fault): Row => [
      run.kernel,
      when(fault.beganNs, scenario),
      `${scenario.faults[fault.entry].where.join(", ")}: ${fault.words}, ${lasted(fault)}`,
      did(fault),
      toned(followed(fault), fault.unharmed < fault.clients ? "bad" : null),
      fault.backAfterNs === null ? NONE : latency(fault.backAfterNs)
    ])
  )
  if (rows.length === 0) return []
  const hidden = runs.reduce((total, { faults }) => total + Math.max(0, faults.length - MAX_BEGINNINGS), 0)
  return [
    table(
      [key("kernel"), key("when"), prose("what happened"), prose("what it did"), prose("what followed"), right("back")],
      rows
    ),
    ...(hidden === 0 ? [] : [paragraph(`${hidden} more are in result.json (--out).`)]),
    paragraph(
      `stood still: no page of the client was touched for ${
        formatQuantity(TIME, scenario.watchdog.stall)
      } although somebody wanted it. back: from the beginning of the fault until the last of them went on. unharmed: `
        + "clients that lost no program, did not lock up, did not boot and did not stand still to the end. Of faults that overlap, "
        + "each counts all that followed."
    )
  ]
}
