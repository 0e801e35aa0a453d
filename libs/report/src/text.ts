// A document as text for a terminal, a pipe or a file.
import type { Block, Document, Paragraph } from "./document.ts"
import { MIN_WIDTH, paint, PLAIN, type Sheet } from "./sheet.ts"
import { tableLines } from "./text-table.ts"
import { breakText } from "./text-words.ts"

const paragraphLines = ({ hang, indent, text, tone }: Paragraph, sheet: Sheet): ReadonlyArray<string> =>
  breakText(text, sheet.width - indent, sheet.width - indent - hang).map((line, i) =>
    " ".repeat(i === 0 ? indent : indent + hang) + paint(line, tone, sheet)
  )

const blockLines = (block: Block, sheet: Sheet): ReadonlyArray<string> => {
  switch (block.kind) {
    case "blank":
      return [""]
    case "paragraph":
      return paragraphLines(block, sheet)
    case "table":
      return tableLines(block, sheet)
  }
}

/** The text of a document: no line is wider than the sheet, escape codes not counted; it ends with a line feed. */
export const drawText = (document: Document, { colour, width }: Sheet = PLAIN): string => {
  const sheet: Sheet = { colour, width: Math.max(MIN_WIDTH, width) }
  const sections = document.map(({ blocks, title }) =>
    [
      ...(title === null ? [] : breakText(title, sheet.width).map((line) => paint(line, "strong", sheet))),
      ...blocks.flatMap((block) => blockLines(block, sheet))
    ].join("\n").trimEnd()
  )
  return `${sections.join("\n\n")}\n`
}
