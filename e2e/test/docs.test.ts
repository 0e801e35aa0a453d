// What README and the pages of docs show is what their commands print: each page's commands run one after the other in a
// copy of the workspace, in which they may write files. `npm run docs` prints all blocks anew and draws the pictures.
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { describe, expect, it } from "vitest"
import { execute, root, scratch } from "../src/command.ts"
import { type DocBlock, type DocPage, partOf, readPage, withTexts } from "../src/doc-blocks.ts"

/** Set by `npm run docs`: pages are made to say what is printed, instead of being compared with it. */
const write = process.env["SWAPLAB_DOCS"] === "write"

/** Run by whoever runs this test, or too large for it: installing, the main job, the tests, cloning. */
const leftOut = /^\s*(npm (ci|install|start|test|run build)\b|git |cd swaplab\b)/

/** Every command of these works; of the others those whose output is shown. */
const WHOLE = ["docs/tutorial.md", "docs/explanation/lockup.md"]

const pages = [
  "README.md",
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    // what `npm run api` makes has copies of pages
    .filter((name) => name.endsWith(".md") && !name.startsWith("api/html/"))
    .map((name) => join("docs", name)).sort()
]

/** The block of commands before a block of output. */
const commandsOf = ({ blocks }: DocPage, block: DocBlock): DocBlock => {
  const commands = blocks.filter(({ at, language }) => language === "sh" && at < block.at).at(-1)
  if (commands === undefined) throw new Error(`line ${block.line}: no commands before it`)
  return commands
}

/** A copy of the workspace. What commands do not write is a link. */
const workspace = (): string => {
  const folder = scratch()
  for (const name of readdirSync(root)) {
    if ([".git", ".nx", "docs", "scenarios"].includes(name)) continue
    symlinkSync(join(root, name), join(folder, name))
  }
  for (const name of ["docs", "scenarios"]) {
    mkdirSync(join(folder, name))
    cpSync(join(root, name), join(folder, name), { recursive: true })
  }
  return folder
}

/** npx takes longer to find the command than many of these take to run; README calls it. */
const NPX = "npx() { [ \"$1\" = swaplab ]; shift; node node_modules/.bin/swaplab \"$@\"; }\n"

/** A line that no command prints. */
const MARK = "\u001e"

/** What each block of commands prints, one after the other in one shell. */
const outputsOf = async (
  commands: ReadonlyArray<DocBlock>,
  cwd: string,
  before: string
): Promise<ReadonlyArray<string>> => {
  const script = commands.map(({ text }) =>
    `${text.split("\n").filter((line) => !leftOut.test(line)).join("\n")}\nprintf '${MARK}'\n`
  )
  const { code, stderr, stdout } = await execute("bash", ["-euo", "pipefail", "-c", before + script.join("")], { cwd })
  expect({ code, stderr, stdout: code === 0 ? "" : stdout }).toEqual({ code: 0, stderr: "", stdout: "" })
  return stdout.split(MARK)
}

it.each(pages)("%s says of every block of text where it comes from", (path) => {
  const unknown = readPage(join(root, path)).blocks
    .filter(({ kind, language }) => (language === "text" || language === "") && kind === null)
  expect(unknown.map(({ line }) => `${path}:${line}`)).toEqual([])
})

it.each(pages)("%s quotes figures as they are printed", (path) => {
  const { blocks, generated, quotes } = readPage(join(root, path))
  const printed = [...blocks.filter(({ kind }) => kind === "printed").map(({ text }) => text), ...generated].join("")
  const wrong = quotes.flatMap(({ figures, paragraph }) =>
    figures.filter((figure) => !paragraph.includes(figure) || !printed.includes(figure))
  )
  expect(wrong).toEqual([])
})

it("every picture of docs is drawn by a command of a page, or says which runs have drawn it", () => {
  const known = pages.flatMap((path) => {
    const { measured, pictures } = readPage(join(root, path))
    return [...pictures.map(({ shown }) => shown), ...measured].map((shown) => join(dirname(path), shown))
  })
  const files = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(svg|png)$/.test(name)).map((name) => join("docs", name))
  expect(files.length).toBeGreaterThan(3)
  expect(files.toSorted()).toEqual(known.toSorted())
})

describe.concurrent("what is shown is what is printed", () => {
  const checked = pages.filter((path) =>
    WHOLE.includes(path) || readPage(join(root, path)).blocks.some(({ kind }) => kind === "printed")
  )

  it.each(checked)("%s", async (path) => {
    const page = readPage(join(root, path))
    const printed = page.blocks.filter(({ kind }) => kind === "printed")
    const shown = new Set(printed.map((block) => commandsOf(page, block)))
    const commands = page.blocks.filter((block) =>
      block.language === "sh" && (WHOLE.includes(path) || shown.has(block))
    )
    const folder = workspace()
    const outputs = await outputsOf(commands, folder, WHOLE.includes(path) ? NPX : "")
    const texts = new Map(
      printed.map((block) => [block, partOf(outputs[commands.indexOf(commandsOf(page, block))], block.words)] as const)
    )
    const pictures = page.pictures.map(({ drawn, shown: picture, words }) => ({
      path: join(root, dirname(path), picture),
      svg: readFileSync(join(folder, drawn), "utf8"),
      words
    }))
    for (const { path: file, svg, words } of pictures) {
      expect(words.filter((word) => !svg.includes(word)), `what ${path} says of ${file}`).toEqual([])
    }
    if (write) {
      // as it stands now: somebody may have written to it meanwhile
      const now = readPage(join(root, path))
      writeFileSync(
        join(root, path),
        withTexts(now, new Map([...texts].map(([block, text]) => [now.blocks[page.blocks.indexOf(block)], text])))
      )
      for (const picture of pictures) writeFileSync(picture.path, picture.svg)
      return
    }
    for (const [block, text] of texts) expect(block.text, `${path}:${block.line}; npm run docs`).toBe(text)
    for (const { path: file, svg } of pictures) {
      expect(readFileSync(file, "utf8") === svg, `${file} is as it is drawn; npm run docs`).toBe(true)
    }
  }, 1_800_000)
})
