// @ts-check
// Writes the man pages of the server, apps/nbd-server/man, from docs/nbd-server/reference.md, whose tables come from the code:
// what concerns the file is swaplab-nbd-server.yaml(5), all else swaplab-nbd-server(8).
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { manPage } from "./roff.mjs"
import { read, root } from "./workspace.mjs"

const FOLDER = "apps/nbd-server/man"
const MANUAL = "swaplab"

/** Sections that are about the file. */
const OF_FILE = ["Configuration", "Faults"]

/** Sections of a page by their headings. @type {(page: string) => ReadonlyArray<readonly [heading: string, text: string]>} */
const sectionsOf = (page) =>
  page.split(/^(?=## )/m).slice(1).map((text) => /** @type {const} */ ([text.slice(3, text.indexOf("\n")), text]))

const COMMAND = "swaplab-nbd-server"
const FILE = "swaplab-nbd-server.yaml"

/** Where files are that an installation has. */
const FILES = `## Files

| file | meaning |
| --- | --- |
| /etc/swaplab-nbd-server.yaml | The configuration of the service, see ${FILE}(5). |
| /var/lib/swaplab-nbd-server | Stores of the service in files. |
| /etc/systemd/system/swaplab-nbd-server.service | The service; swaplab-nbd-server.socket keeps its port open. |
`

const also = (/** @type {string} */ others) => `## See also\n\n${others}\n`

/** The pages by their paths. @type {() => Readonly<Record<string, string>>} */
export const manPages = () => {
  /** @type {{ version: string }} */
  const { version } = JSON.parse(read("apps/nbd-server/package.json"))
  const sections = sectionsOf(read("docs/nbd-server/reference.md"))
  const left = OF_FILE.filter((name) => !sections.some(([heading]) => heading === name))
  if (left.length > 0) throw new Error(`docs/nbd-server/reference.md has no section ${left.join(", ")}`)
  const text = (/** @type {boolean} */ ofFile) =>
    sections.filter(([heading]) => OF_FILE.includes(heading) === ofFile).map(([, words]) => words).join("")
  const about = { source: `${COMMAND} ${version}`, manual: MANUAL }
  const name = `## Name\n\n${FILE} - configuration of ${COMMAND}(8)\n\n`
  // the line behind "Name" is read by apropos: name - what it is
  const command = text(false).replace(/^(swaplab-nbd-server): /m, "$1 - ")
  return {
    [`${FOLDER}/${COMMAND}.8`]: manPage(
      { ...about, name: COMMAND, section: 8 },
      `${command}\n${FILES}\n${also(`${FILE}(5), nbd-client(8), mkswap(8), swapon(8), systemd.socket(5)`)}`
    ),
    [`${FOLDER}/${FILE}.5`]: manPage(
      { ...about, name: FILE, section: 5 },
      `${name}${text(true).replace("## Configuration", "## Description")}\n${also(`${COMMAND}(8)`)}`
    )
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, page] of Object.entries(manPages())) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), page)
  }
}
