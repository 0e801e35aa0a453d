// What became of imported files: what was taken, what was assumed, a machine beside ours, and what was not understood.
import { formatFinding, plural, type Problem } from "@swaplab/config"
import { type BesideRow, IMPORT_FORMS, type Imported, type NotUnderstood, type Statement } from "@swaplab/experiment"
import { type Block, type Document, item, key, left, paragraph, right, section, table, toned } from "./document.ts"

/** Lines of one reason that are shown; of more, their number is said. */
const SHOWN = 5

const statements = (all: ReadonlyArray<Statement>): ReadonlyArray<Block> =>
  all.map(({ of, text }) => item(`  ${of}: ${text}`))

const verdict = ({ ours, theirs }: BesideRow) =>
  ours === null ? toned("not ours", "warn") : ours === theirs ? toned("equal", "good") : toned("differs", "bad")

const besideBlocks = (rows: ReadonlyArray<BesideRow>): ReadonlyArray<Block> => {
  if (rows.length === 0) return []
  const equal = rows.filter(({ ours, theirs }) => ours === theirs).length
  return [
    table(
      [key("of"), left("figure"), right("theirs"), right("ours"), left("")],
      rows.map((row) => [
        row.of,
        row.figure,
        String(row.theirs),
        row.ours === null ? "-" : String(row.ours),
        verdict(row)
      ])
    ),
    paragraph(
      `${equal} of ${rows.length} figures are equal. Pages of 4 KiB. Ours are those of the client at boot, as swaplab proc prints them.`
    )
  ]
}

/** Lines by file and reason, the first few of each. */
const unreadBlocks = (all: ReadonlyArray<NotUnderstood>): ReadonlyArray<Block> => {
  const groups = new Map<string, Array<NotUnderstood>>()
  for (const line of all) {
    const name = `${line.file}: ${line.why}`
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [line])
    else group.push(line)
  }
  return [...groups].flatMap(([name, lines]) => [
    item(`  ${name}`, "warn"),
    ...lines.slice(0, SHOWN).map(({ line, text }) => item(`    line ${line}${text === "" ? "" : `: ${text}`}`)),
    ...(lines.length > SHOWN ? [item(`    and ${plural(lines.length - SHOWN, "more line")}`)] : [])
  ])
}

/** The report of an import. */
export const renderImport = (
  { assumed, files, taken, unread }: Imported,
  beside: ReadonlyArray<BesideRow>,
  warnings: ReadonlyArray<Problem>
): Document => [
  ...section("Files", files.map(({ form, name }) => item(`  ${name}: ${IMPORT_FORMS[form].meaning}`))),
  ...section("Taken", statements(taken)),
  ...section("Assumed, because no file says it", statements(assumed)),
  ...section("Theirs beside ours", besideBlocks(beside)),
  ...section(
    unread.length === 0 ? "Not understood: nothing" : `Not understood: ${plural(unread.length, "line")}`,
    unread.length === 0 ? [paragraph("Every line that can have an effect here had one.")] : unreadBlocks(unread)
  ),
  ...section("Warnings", warnings.map((warning) => item(`  ${formatFinding(warning)}`, "warn")))
]
