// `node tools/packetdrill.mjs`: what it prints, and how it ends.
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { root } from "../src/workspace.mjs"

const RIGHT = "0 < S 0:0(0) win 1 <mss 1460>\n+0 > R. 0:0(0) ack 1\n"
const WRONG = "0 < S 0:0(0) win 1 <mss 1460>\n+0 > R. 0:0(0) ack 2\n"

let folder = ""
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "packetdrill-"))
  const known = [{ script: "known.pkt", line: 2, reason: "because" }, {
    script: "stale.pkt",
    line: 2,
    reason: "no more"
  }]
  writeFileSync(join(folder, "known-differences.json"), JSON.stringify(known))
})
afterAll(() => rmSync(folder, { recursive: true }))

const command = (files: Record<string, string>, ...names: ReadonlyArray<string>) => {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const { status, stderr, stdout } = spawnSync(
    process.execPath,
    [join(root, "tools/packetdrill.mjs"), ...names],
    { cwd: folder, encoding: "utf8" }
  )
  for (const name of Object.keys(files)) rmSync(join(folder, name))
  return { status, stderr, stdout }
}

it("a table in 80 columns, and the sums", () => {
  const files = { "known.pkt": WRONG, "passes.pkt": RIGHT, "strange.pkt": "0 > S 0:0(0) <md5 1>\n" }
  const { status, stderr, stdout } = command(files, ".")
  expect(stderr).toBe("")
  expect(stdout).toBe(`known.pkt                                               known difference       2
    why       because
    expected  0.000000 > R. 0:0(0) ack 2
    got       0.000000 > R. 0:0(0) ack 1 win 0
passes.pkt                                              passed
strange.pkt                                             not supported          1
    why       the option md5 1: MD5
3 scripts: 1 passed, 1 known difference, 1 not supported, 0 failed
`)
  expect(status).toBe(0)
})

it("99 when a script has failed, also one that should not have passed", () => {
  const { status, stdout } = command({ "fails.pkt": WRONG, "stale.pkt": RIGHT }, "fails.pkt", "stale.pkt")
  expect(status).toBe(99)
  expect(stdout).toBe(`fails.pkt                                               failed                 2
    why       ack differs
    expected  0.000000 > R. 0:0(0) ack 2
    got       0.000000 > R. 0:0(0) ack 1 win 0
stale.pkt                                               failed                 2
    why       known-differences.json says that line 2 differs, and it does not
2 scripts: 0 passed, 0 known difference, 0 not supported, 2 failed
`)
})

it("2 and one line for a mistake, before anything runs", () => {
  const broken = { "broken.pkt": "0 < X\n", "fails.pkt": WRONG }
  expect(command(broken, ".")).toEqual({
    status: 2,
    stdout: "",
    stderr: "broken.pkt:1:5: expected flags such as S, S., P. or ., found X\n"
  })
  expect(command({}, "absent.pkt")).toMatchObject({
    status: 2,
    stderr: "absent.pkt: expected a script or a folder of scripts, found nothing of that name\n"
  })
  expect(command({}, ".")).toMatchObject({
    status: 2,
    stderr: ".: expected a folder with scripts (*.pkt), found none\n"
  })
  expect(command({}, "--fast")).toMatchObject({
    status: 2,
    stderr: "--fast: expected a file, a folder or --help\n"
  })
  expect(command({}).status).toBe(2)
})

it("--help", () => {
  const { status, stdout } = command({}, "--help")
  expect(status).toBe(0)
  expect(stdout).toMatch(/^usage: node tools\/packetdrill\.mjs FILE\|FOLDER\.\.\.\n/)
  expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([])
})
