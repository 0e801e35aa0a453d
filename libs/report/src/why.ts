// A lockup explained, as the command prints it.
import { formatQuantity, PATCHES, type PatchName, patchNumber, TIME } from "@swaplab/cluster"
import type { Counterfactual, Explanation } from "@swaplab/experiment"
import { moment } from "./format.ts"
import { fold, left, right, type Row, section, table, wrap } from "./table.ts"

/** What became of the client, in words. */
const fateText = ({ fate, ns, reason, unchanged }: Counterfactual): string => {
  const at = ns === null ? "" : moment(ns)
  switch (fate) {
    case "saved":
      return `saves it: done at ${at}`
    case "later":
      return `locks up later: last progress at ${at}, ${reason}`
    case "locked up":
      return unchanged ? "locks up, to the last event the same" : `locks up all the same: ${reason}`
    case "rescued":
      return unchanged
        ? "done as without it, to the last event the same"
        : `done at ${at}, after the OOM killer has broken a cycle all the same`
    case "sigbus":
      return `a process is killed, for a page that could not be read back; over at ${at}`
    case "corruption":
      return `a page comes back with another content; over at ${at}`
    case "oom":
      return `a process is killed for lack of memory; over at ${at}`
    case "alive":
      return "still runs when the time is up"
    case "not tried":
      return `not tried: ${reason}`
  }
}

const numberOf = (name: PatchName): string => {
  const patch = PATCHES.find((entry) => entry.name === name)
  return patch === undefined ? "" : patchNumber(patch)
}

const patchRows = (tried: ReadonlyArray<Counterfactual>): ReadonlyArray<string> =>
  table(
    [right("no."), left("switched on"), left("what becomes of the client")],
    tried.flatMap((item): ReadonlyArray<Row> => {
      const [name] = item.patches
      const [first, ...rest] = wrap(fateText(item).split(" "), 62, "")
      return [[numberOf(name), name, first ?? ""], ...rest.map((line): Row => ["", "", line])]
    })
  )

const list = (names: ReadonlyArray<string>): string => names.join(", ").replace(/, ([^,]*)$/, " and $1")

const verdict = ({ enough, single, together }: Explanation): ReadonlyArray<string> => {
  const saving = single.filter(({ fate }) => fate === "saved").map(({ patches: [name] }) => name)
  const lines = saving.length > 0
    ? [`  Saved by ${list(saving)} alone.`]
    : ["  No single patch saves it."]
  if (together !== null) {
    lines.push(
      ...fold(`  The ${together.patches.length} patches of the series that it lacks, together: ${fateText(together)}.`)
    )
  }
  if (enough !== null) lines.push(...fold(`  Enough, and none of them can be left out: ${list(enough)}.`))
  return lines
}

/** The explanation: plain text of at most about 100 columns that ends with a line feed. */
export const renderWhy = (explanation: Explanation): string => {
  const { lockup, momentNs, report, single, switchNs } = explanation
  const beforeNs = momentNs - switchNs
  const lines = [
    `${lockup.client} with ${lockup.kernel}, seed ${lockup.seed}: ${report.taxonomy}`,
    "",
    ...report.text.trimEnd().split("\n").flatMap((line) => fold(`  ${line}`.trimEnd())),
    "",
    ...(single.length === 0 ? [] : section(
      `Patches switched on at ${moment(switchNs)}, ${formatQuantity(TIME, beforeNs)} before the last progress (${
        moment(momentNs)
      })`,
      [...patchRows(single), "", ...verdict(explanation)]
    ))
  ]
  return `${lines.join("\n").trimEnd()}\n`
}
