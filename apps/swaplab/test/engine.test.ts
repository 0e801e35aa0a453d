// The build is known by every module that a worker runs, and by no other.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { afterEach, beforeEach, expect, it } from "vitest"
import { engine } from "../src/engine.ts"

let folder = ""
const write = (name: string, text: string): void => writeFileSync(join(folder, name), text)
const build = (): string => engine(pathToFileURL(join(folder, "worker.js")))

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "swaplab-"))
  write("worker.js", "import {\n  a\n} from \"./a.js\";\nimport fs from \"node:fs\";\n")
  write("a.js", "import \"./b.js\"\nexport const load = () => import(\"./late.js\")\n")
  write("b.js", "import { a } from \"./a.js\"\n")
  write("late.js", "export {}\n")
  write("report.js", "import \"./a.js\"\n")
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

it.each(["worker.js", "a.js", "b.js", "late.js"])("is another one when %s is", (name) => {
  const before = build()
  expect(before).toMatch(/^\d+\.\d+\.\d+\+[0-9a-f]{12}$/)
  write(name, "export const other = 1\n")
  expect(build()).not.toBe(before)
})

it("is the same when a module is another one that no worker runs", () => {
  const before = build()
  write("report.js", "export const other = 1\n")
  expect(build()).toBe(before)
})
