import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, it } from "vitest"
import { root } from "../src/workspace.mjs"

const script = join(root, "tools/install-peers.sh")
const folders: Array<string> = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
})

/** A machine that has the shell's own tools and `programs`, given by their text; everything asked of sudo is granted. */
const machine = (programs: Readonly<Record<string, string>> = {}) => {
  const folder = mkdtempSync(join(tmpdir(), "install-peers-"))
  folders.push(folder)
  for (
    const tool of ["bash", "env", "sed", "sort", "paste", "grep", "tail", "mktemp", "rm", "true", "touch", "chmod"]
  ) {
    const path = ["/usr/bin", "/bin"].map((at) => join(at, tool)).find((at) => existsSync(at))
    if (path !== undefined) symlinkSync(path, join(folder, tool))
  }
  const all = { sudo: "shift; exec \"$@\"", ...programs }
  for (const [name, text] of Object.entries(all)) {
    writeFileSync(join(folder, name), `#!/bin/bash\n${text}\n`, { mode: 0o755 })
  }
  return (...args: ReadonlyArray<string>) => {
    const { status, stderr, stdout } = spawnSync("bash", [script, ...args], {
      env: { PATH: folder },
      encoding: "utf8"
    })
    return { status, stdout, stderr: stderr.trimEnd().split("\n") }
  }
}

/** All programs: what a machine without any lacks. */
const every = machine()("--missing").stdout.trimEnd().split("\n").map((line) => line.split(" ")[0])

it("lists what is missing with its package, and changes nothing", () => {
  const present = Object.fromEntries(
    every.filter((name) => name !== "fio" && name !== "nbdsh").map((name) => [name, ""])
  )
  expect(machine(present)("--missing")).toEqual({
    status: 0,
    stdout: "nbdsh (python3-libnbd)\nfio (fio)\n",
    stderr: [""]
  })
})

it("does nothing where everything is there", () => {
  expect(machine(Object.fromEntries(every.map((name) => [name, ""])))()).toEqual({
    status: 0,
    stdout: "",
    stderr: [""]
  })
})

it("says which are missing where there is no apt-get", () => {
  const { status, stderr } = machine({ nbdinfo: "" })()
  expect(status).toBe(1)
  expect(stderr).toHaveLength(1)
  expect(stderr[0]).toMatch(
    /^install-peers: missing: nbdcopy \(libnbd-bin\), .*curl \(curl\).*: there is no apt-get/
  )
  expect(stderr[0]).not.toContain("nbdinfo")
})

it("says why when the mirror cannot be reached", () => {
  const { status, stderr } = machine({ "apt-get": "echo 'E: Unable to fetch some archives' >&2; exit 100" })()
  expect(status).toBe(1)
  expect(stderr.at(-1)).toMatch(/missing: .*: apt-get install failed: E: Unable to fetch some archives$/)
})

it("installs the packages of what is missing, without questions, and looks again", () => {
  const present = Object.fromEntries(every.filter((name) => name !== "fio").map((name) => [name, ""]))
  const bring = "case \" $* \" in *' install '*' fio '*) [ \"$DEBIAN_FRONTEND\" = noninteractive ] "
    + "&& : > \"${0%/*}/fio\" && chmod +x \"${0%/*}/fio\";; esac"
  expect(machine({ ...present, "apt-get": bring })()).toMatchObject({
    status: 0,
    stdout: "install-peers: apt-get install fio\n"
  })
  const { status, stderr } = machine({ ...present, "apt-get": "exit 0" })()
  expect(status).toBe(1)
  expect(stderr).toEqual(["install-peers: missing: fio (fio): apt-get brought fio, but not these programs"])
})
