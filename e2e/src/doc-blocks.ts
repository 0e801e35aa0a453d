// What a page of the documentation says that a command prints, beside what it prints. A comment in front of a block of text
// says where the text comes from:
//
//   <!-- printed -->                          the whole output of the commands in the `sh` block before it
//   <!-- printed: Outcomes | Laws -->         sections of that output, by the beginnings of their titles
//   <!-- printed: "cycle:" … "leads out" -->  the lines from the first that has the one text to the next that has the other
//   <!-- drawn: tx-why/graph.svg "3 sent" -->  the picture below it is that file, which a command of the page has written, and has
//                                             these words in it, which the page speaks of
//   <!-- quoted: "3.14" "0.99" -->            figures of the paragraph below that stand in printed blocks of the page, too, or in
//                                             what a tool writes between <!-- tables: NAME --> and <!-- end of NAME -->
//   <!-- measured: … -->                      figures of some machine, or a picture of too many runs; no test compares them
//   <!-- shown: … -->                         no output
import { readFileSync } from "node:fs"

/** A fenced block of a page. */
export interface DocBlock {
  readonly language: string
  /** The text between the fences, with its last line feed. */
  readonly text: string
  /** Where that text begins in the page. */
  readonly at: number
  readonly line: number
  /** The comment in front of it: its kind, and what stands behind the colon. */
  readonly kind: string | null
  readonly words: string
}

/** A picture of a page that a command draws. */
interface DocPicture {
  /** The file that the command writes, and the picture beside the page. */
  readonly drawn: string
  /** What the page says of it. */
  readonly words: ReadonlyArray<string>
  readonly shown: string
}

/** A page. */
export interface DocPage {
  readonly text: string
  readonly blocks: ReadonlyArray<DocBlock>
  readonly pictures: ReadonlyArray<DocPicture>
  /** Paragraphs, with the figures in them that blocks of the page print. */
  readonly quotes: ReadonlyArray<{ readonly figures: ReadonlyArray<string>; readonly paragraph: string }>
  /** What tools write into the page, between their markers: tables of more runs than a test can do. */
  readonly generated: ReadonlyArray<string>
  /** Pictures of runs that are too many for a test. */
  readonly measured: ReadonlyArray<string>
}

const FENCED = /(?:<!-- (printed|measured|shown)(?:: ([^>]*?))? -->\s*)?^```([a-z]*)\n([^]*?)^```$/gm
const MEASURED = /<!-- measured: [^>]* -->\s*!\[[^\]]*\]\(([^)]+)\)/g
const GENERATED = /<!-- (?:tables|documented|lan-truth|gateway-check): ([^>]+) -->\n([^]*?)<!-- end of \1 -->/g
const QUOTED = /<!-- quoted:((?: "[^"]*")+) -->\n\n([^]*?)(?=\n\n|\n$|$(?![^]))/g
const DRAWN = /<!-- drawn: (\S+)((?: "[^"]*")*) -->\s*!\[[^\]]*\]\(([^)]+)\)/g

const quotedIn = (words: string): ReadonlyArray<string> => [...words.matchAll(/"([^"]*)"/g)].map(([, word]) => word)

/** Reads a page. */
export const readPage = (path: string): DocPage => {
  const text = readFileSync(path, "utf8")
  const blocks = [...text.matchAll(FENCED)].map((match): DocBlock => {
    const [whole, kind, words = "", language, content] = match
    const at = match.index + whole.length - content.length - "```".length
    return { language, text: content, at, line: text.slice(0, at).split("\n").length - 1, kind: kind ?? null, words }
  })
  const pictures = [...text.matchAll(DRAWN)].map(([, drawn, words, shown]) => ({
    drawn,
    words: quotedIn(words),
    shown
  }))
  const quotes = [...text.matchAll(QUOTED)].map(([, figures, paragraph]) => ({
    figures: quotedIn(figures),
    // 104,448 is printed as 104448
    paragraph: paragraph.replaceAll(/(?<=\d),(?=\d{3})/g, "")
  }))
  return {
    text,
    blocks,
    pictures,
    quotes,
    generated: [...text.matchAll(GENERATED)].map(([, , written]) => written),
    measured: [...text.matchAll(MEASURED)].map(([, shown]) => shown)
  }
}

const dedent = (lines: ReadonlyArray<string>): ReadonlyArray<string> => {
  const indents = lines.filter((line) => line.trim() !== "").map((line) => line.length - line.trimStart().length)
  return lines.map((line) => line.slice(Math.min(...indents)))
}

/** A section: its title, and what follows until a line that is not indented stands behind an empty one. */
const sectionOf = (lines: ReadonlyArray<string>, title: string): ReadonlyArray<string> => {
  const start = lines.findIndex((line, i) => line.startsWith(title) && (i === 0 || lines[i - 1] === ""))
  if (start < 0) throw new Error(`nothing printed begins with ${title}`)
  const end = lines.findIndex((line, i) => i > start && line !== "" && !line.startsWith(" ") && lines[i - 1] === "")
  const section = lines.slice(start, end < 0 ? lines.length : end)
  return section.slice(0, section.findLastIndex((line) => line !== "") + 1)
}

const linesBetween = (lines: ReadonlyArray<string>, from: string, to: string): ReadonlyArray<string> => {
  const start = lines.findIndex((line) => line.includes(from))
  const end = lines.findIndex((line, i) => i >= start && line.includes(to))
  if (start < 0 || end < 0) throw new Error(`nothing printed goes from ${from} to ${to}`)
  return dedent(lines.slice(start, end + 1))
}

/** The part of an output that a block shows. */
export const partOf = (output: string, words: string): string => {
  const lines = output.trimEnd().split("\n")
  if (words === "") return `${lines.join("\n")}\n`
  const parts = words.split(" | ").map((part) => {
    const [, from, to] = /^"(.*)" … "(.*)"$/.exec(part) ?? []
    return from === undefined ? sectionOf(lines, part) : linesBetween(lines, from, to)
  })
  return `${parts.map((part) => part.join("\n")).join("\n\n")}\n`
}

/** The page with other texts in some of its blocks. */
export const withTexts = ({ text }: DocPage, texts: ReadonlyMap<DocBlock, string>): string =>
  [...texts].toSorted(([a], [b]) => b.at - a.at)
    .reduce((page, [block, now]) => page.slice(0, block.at) + now + page.slice(block.at + block.text.length), text)
