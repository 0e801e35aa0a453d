// @ts-check
// Markdown as our pages use it, as a page for man(1): headings, paragraphs, blocks of code, lists and tables. A table becomes a
// list of tagged paragraphs, because terminals are narrower than its rows.
// source: man(7), groff_man(7), groff_char(7)

/** Marks, which no page contains, around what `code` marks as bold. */
const [BOLD, ROMAN] = ["«", "»"]

const SPECIAL = /** @type {const} */ ([
  ["\\", "\\e"],
  ["-", "\\-"],
  ["'", "\\(aq"],
  ["`", "\\(ga"],
  ["^", "\\(ha"],
  ["~", "\\(ti"],
  ["\"", "\\(dq"],
  ["µ", "\\(mc"],
  ["×", "\\(mu"],
  ["≤", "\\(<="],
  ["≥", "\\(>="],
  ["–", "\\(en"],
  ["…", "..."]
])
const REPLACED = new Map(SPECIAL)

/** Text as roff writes it. @type {(text: string) => string} */
const escaped = (text) => {
  const out = Array.from(text, (letter) => REPLACED.get(/** @type {any} */ (letter)) ?? letter).join("")
  const odd = /[^\n\t -~«»]/.exec(out)
  if (odd !== null) throw new Error(`roff.mjs knows no escape for ${JSON.stringify(odd[0])} in ${text}`)
  // a line that begins so would be a request
  return out.replace(/^\./gm, "\\&.")
}

/** Words with `code` in bold, and links as their words. @type {(text: string) => string} */
const inline = (text) =>
  escaped(
    text.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/\*\*([^*]+)\*\*/g, `${BOLD}$1${ROMAN}`)
      .replace(/`([^`]*)`/g, `${BOLD}$1${ROMAN}`)
  ).replaceAll(BOLD, "\\fB").replaceAll(ROMAN, "\\fR")

/** Cells of a row of a table. @type {(row: string) => ReadonlyArray<string>} */
const cells = (row) => row.slice(1, -1).split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"))

/** Columns whose cells need no name in front of them. */
const PLAIN = new Set(["meaning", "what it does", "when", "effect", "beyond it"])

/** A table as tagged paragraphs. @type {(rows: ReadonlyArray<string>) => string} */
const tagged = ([head, , ...rows]) => {
  const names = cells(head)
  return rows.map(cells).map(([first, ...others]) => {
    const words = others.map((cell, i) => {
      const name = names[i + 1]
      return cell === "" || cell === "-" ? null : PLAIN.has(name) ? inline(cell) : `${inline(name)}: ${inline(cell)}`
    }).filter((cell) => cell !== null)
    return `.TP\n\\fB${inline(first).replace(/\\f[BR]/g, "")}\\fR\n${words.join("\n.br\n") || "\\&"}`
  }).join("\n")
}

/** One block between blank lines. @type {(block: string) => string} */
const blockOf = (block) => {
  const lines = block.split("\n")
  if (block.startsWith("<!--")) return ""
  if (block.startsWith("```")) return `.PP\n.RS 4\n.EX\n${escaped(lines.slice(1, -1).join("\n"))}\n.EE\n.RE`
  if (block.startsWith("## ")) return `.SH ${inline(block.slice(3)).toUpperCase()}`
  if (block.startsWith("### ")) return `.SS ${inline(block.slice(4))}`
  if (block.startsWith("|")) return tagged(lines)
  if (block.startsWith("- ")) {
    return block.split(/\n(?=- )/).map((item) => `.IP \\(bu 2\n${inline(item.slice(2).replaceAll(/\n */g, "\n"))}`)
      .join("\n")
  }
  return `.PP\n${inline(block)}`
}

/** Blocks of a page; a blank line inside a block of code divides nothing. @type {(markdown: string) => ReadonlyArray<string>} */
const blocksOf = (markdown) =>
  markdown.match(/^```[^]*?^```$|^(?:(?!```).+\n?)+/gm)?.map((block) => block.trimEnd()) ?? []

/**
 * A page of the manual.
 * @type {(title: { name: string, section: number, source: string, manual: string }, markdown: string) => string}
 */
export const manPage = ({ manual, name, section, source }, markdown) =>
  [
    `.TH ${escaped(name.toUpperCase())} ${section} "" "${source}" "${manual}"`,
    ".nh",
    ".ad l",
    ...blocksOf(markdown).map(blockOf).filter((block) => block !== "")
  ].join("\n") + "\n"
