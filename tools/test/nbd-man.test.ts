// The man pages of the server say what its reference says, in roff that groff has nothing to say against.
import { execFileSync, spawnSync } from "node:child_process"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { manPages } from "../src/nbd-man.mjs"
import { manPage } from "../src/roff.mjs"
import { read, root } from "../src/workspace.mjs"

const pages = Object.entries(manPages())

it.each(pages)("%s is up to date (npm run generate)", (path, page) => {
  expect(read(path)).toBe(page)
})

it("are those that npm installs", () => {
  const { man } = JSON.parse(read("apps/nbd-server/package.json")) as { man: ReadonlyArray<string> }
  expect(man.map((path) => join("apps/nbd-server", path))).toEqual(pages.map(([path]) => path))
})

/** Programs that check pages, and how. */
const CHECKERS: ReadonlyArray<readonly [program: string, ...args: ReadonlyArray<string>]> = [
  ["groff", "-man", "-Tutf8", "-ww", "-z"],
  ["man", "--warnings", "-l", "-Tutf8"],
  ["mandoc", "-Tlint", "-Wwarning"]
]

describe.each(CHECKERS)("%s", (program, ...args) => {
  const missing = spawnSync(program, ["--version"]).error !== undefined
  it.skipIf(missing).each(pages)(`finds nothing wrong with %s${missing ? " (not installed)" : ""}`, (path) => {
    const { status, stderr, stdout } = spawnSync(program, [...args, join(root, path)], { encoding: "utf8" })
    expect([status, stderr]).toEqual([0, ""])
    if (program === "mandoc") expect(stdout).toBe("")
  })
})

const hasMan = spawnSync("man", ["--version"]).error === undefined

it.skipIf(!hasMan)(`are read as what they were written${hasMan ? "" : " (not installed: man)"}`, () => {
  const text = execFileSync("man", ["-l", join(root, pages[0][0])], {
    encoding: "utf8",
    env: { ...process.env, MANWIDTH: "80", LC_ALL: "C.UTF-8", MANPAGER: "cat", MANROFFOPT: "-c" }
  }).split("\b").map((part, i, parts) => i === parts.length - 1 ? part : part.slice(0, -1)).join("")
  expect(text).toMatch(/^NAME\n +swaplab-nbd-server - serves swap and disks over NBD$/m)
  expect(text).toMatch(/^ +-c, --config FILE\n +The configuration \(YAML\)\.$/m)
  expect(text).toMatch(/^ +75 +a place to listen at is taken/m)
})

describe("roff", () => {
  const body = (markdown: string): string =>
    manPage({ name: "a", section: 1, source: "a 1", manual: "m" }, markdown).split("\n").slice(3, -1).join("\n")

  it.each([
    ["words with - and \\ and 'quotes'", ".PP\nwords with \\- and \\e and \\(aqquotes\\(aq"],
    ["a line\n.with a dot", ".PP\na line\n\\&.with a dot"],
    ["`code` and **bold** and [a link](x.md)", ".PP\n\\fBcode\\fR and \\fBbold\\fR and a link"],
    ["## Exit codes", ".SH EXIT CODES"],
    ["```sh\n.a\n\nb `c`\n```", ".PP\n.RS 4\n.EX\n\\&.a\n\nb \\(gac\\(ga\n.EE\n.RE"],
    ["- one\n  more\n- two", ".IP \\(bu 2\none\nmore\n.IP \\(bu 2\ntwo"],
    [
      "| key | value | meaning |\n| --- | --- | --- |\n| `a` | 1 \\| 2 | what |",
      ".TP\n\\fBa\\fR\nvalue: 1 | 2\n.br\nwhat"
    ],
    ["<!-- table: x -->\n\nwords", ".PP\nwords"]
  ])("%j", (markdown, expected) => expect(body(markdown)).toBe(expected))

  it("refuses a letter that it has no escape for", () => {
    expect(() => body("a ☃")).toThrow("knows no escape for \"☃\"")
  })
})
