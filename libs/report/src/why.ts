// A lockup explained, as the command prints it.
import { PATCHES, type PatchKind, type PatchName, patchNumber } from "@swaplab/cluster"
import { formatQuantity, TIME } from "@swaplab/config"
import type { Counterfactual, Explanation } from "@swaplab/experiment"
import {
  BLANK,
  type Block,
  type Document,
  item,
  key,
  prose,
  right,
  type Row,
  section,
  table,
  toned
} from "./document.ts"
import { moment } from "./format.ts"
import { lockupLines } from "./lockups.ts"
import { PLAIN, type Sheet } from "./sheet.ts"
import { drawText } from "./text.ts"

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
    case "lost-swap":
      return `a process finds zeroes, for a page that the server has forgotten; over at ${at}`
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

const patchTable = (tried: ReadonlyArray<Counterfactual>): Block =>
  table(
    [{ ...right("no."), use: "key" }, key("switched on"), prose("what becomes of the client")],
    tried.map((one): Row => {
      const [name] = one.patches
      return [numberOf(name), name, toned(fateText(one), one.fate === "saved" ? "good" : null)]
    })
  )

const list = (names: ReadonlyArray<string>): string => names.join(", ").replace(/, ([^,]*)$/, " and $1")

/** Patches of the series, counted; the table of patches knows its fix: `12 patches of the series and its fix`. */
const seriesWords = (names: ReadonlyArray<PatchName>): string => {
  const of = (kind: PatchKind): number =>
    PATCHES.filter((patch) => patch.kind === kind && names.includes(patch.name)).length
  const series = of("series")
  const words = `${series} ${series === 1 ? "patch" : "patches"} of the series`
  return of("stream-fix") > 0 ? `${words} and its fix` : words
}

const verdict = ({ enough, single, together }: Explanation): ReadonlyArray<Block> => {
  const saving = single.filter(({ fate }) => fate === "saved").map(({ patches: [name] }) => name)
  return [
    item(saving.length > 0 ? `  Saved by ${list(saving)} alone.` : "  No single patch saves it.", "strong"),
    ...(together === null ? [] : [
      item(`  The ${seriesWords(together.patches)} that it lacks, together: ${fateText(together)}.`)
    ]),
    ...(enough === null ? [] : [item(`  Enough, and none of them can be left out: ${list(enough)}.`, "strong")])
  ]
}

/** What the explanation of a lockup says. */
const whyDocument = (explanation: Explanation): Document => {
  const { lockup, momentNs, report, single, switchNs } = explanation
  const beforeNs = momentNs - switchNs
  return [
    ...section(null, [
      item(`${lockup.client} with ${lockup.kernel}, seed ${lockup.seed}: ${report.taxonomy}`, "strong")
    ]),
    ...section(null, lockupLines(report, 2)),
    ...(report.taxonomy === "dead network"
      ? section(null, [item("  No patch is tried: no kernel can swap over a network that carries nothing.", "strong")])
      : []),
    ...(single.length === 0 ? [] : section(
      `Patches switched on at ${moment(switchNs)}, ${formatQuantity(TIME, beforeNs)} before the last progress (${
        moment(momentNs)
      })`,
      [patchTable(single), BLANK, ...verdict(explanation)]
    ))
  ]
}

/** The explanation as text; it ends with a line feed. */
export const renderWhy = (explanation: Explanation, sheet: Sheet = PLAIN): string =>
  drawText(whyDocument(explanation), sheet)
