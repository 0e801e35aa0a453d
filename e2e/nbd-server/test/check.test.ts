// `check` finds what the start would refuse, says it in the same words, and makes nothing.
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { commandFile, execute, fileWith, runCommand, scratch, startServer, stopAll } from "../src/server.ts"

// the first start after a change builds, and says so
beforeAll(() => runCommand("schema"))
afterAll(stopAll)

/** A folder with things that are not what they should be. */
const place = (): string => {
  const folder = scratch()
  mkdirSync(join(folder, "directory"))
  writeFileSync(join(folder, "file"), "x".repeat(20))
  writeFileSync(join(folder, "short"), "x")
  return folder
}

const everything = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()

it("finds all mistakes at once, each with its place, and the start says the same", async () => {
  const folder = place()
  const file = fileWith(`listen: ["unix:${folder}/file"]
metrics: unix:${folder}/none/s
record: { transactions: ${folder}/directory, pcapng: ${folder}/none/x }
tls: { certificate: ${folder}/file, key: ${folder}/file }
control: { socket: ${folder}/file, tokenFile: ${folder}/short }
swap:
  s-*: { size: 1 MiB, store: file, directory: ${folder}/none }
exports:
  a: { file: ${folder}/none }
  b: { file: ${folder}/none/x, size: 1 MiB }
`)
  const before = everything(folder)
  const checked = await runCommand("check", "--config", file)
  expect(checked).toMatchObject({ code: 2, stdout: "" })
  const said = checked.stderr.replaceAll(`${file}:`, "").replaceAll(folder, "F").replaceAll(/^(\d+):\d+/gm, "$1")
  expect(said.split("\n")).toEqual([
    "1: listen[0]: got \"F/file\", is something else than a socket",
    "2: metrics: got \"F/none/s\", cannot be made: F/none: no such file or directory",
    "3: record.transactions: got \"F/directory\", is a directory",
    "3: record.pcapng: got \"F/none/x\", cannot be made: F/none: no such file or directory",
    "4: tls.certificate: got \"F/file\", expected PEM: it has no -----BEGIN",
    "5: control.socket: got \"F/file\", is something else than a socket",
    "5: control.tokenFile: got \"F/short\", expected at least 16 characters in it",
    "7: swap.s-*.directory: got \"F/none\", no such file or directory",
    "9: exports.a.file: got \"F/none\", no such file or directory",
    "10: exports.b.file: got \"F/none/x\", cannot be made: F/none: no such file or directory",
    ""
  ])
  expect(await runCommand("--config", file)).toEqual(checked)
  expect(everything(folder)).toEqual(before)
})

it("makes nothing of what the start would make", async () => {
  const folder = scratch()
  const file = fileWith(`listen: ["unix:${folder}/nbd", "127.0.0.1:0"]
metrics: unix:${folder}/probes
record: { pcapng: ${folder}/traffic, transactions: ${folder}/log }
swap: { s-*: { size: 1 MiB, store: file, directory: ${folder} } }
exports: { a: { file: ${folder}/a, size: 1 MiB } }
`)
  expect(await runCommand("check", "--config", file)).toMatchObject({ code: 0, stderr: "" })
  expect(readdirSync(folder)).toEqual([])
})

describe("a place to listen at", () => {
  const listening = async (): Promise<{ readonly port: number; readonly close: () => void }> => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const address = server.address()
    return { port: typeof address === "object" && address !== null ? address.port : 0, close: () => server.close() }
  }

  it.each(["--listen", "--metrics"])(
    "%s: one that another program has; the start may be tried again",
    async (option) => {
      const { close, port } = await listening()
      const place = `127.0.0.1:${port}`
      const words = `the port is taken by .* \\(process ${process.pid}\\)`
      const checked = await runCommand("check", "--memory", "1 MiB", option, place)
      expect(checked).toMatchObject({ code: 2, stdout: "" })
      expect(checked.stderr).toMatch(new RegExp(`${option} .*: got "${place}", ${words}\n$`))
      const others = option === "--listen" ? [] : ["--listen", "127.0.0.1:0"]
      const started = await runCommand("--memory", "1 MiB", option, place, ...others)
      expect(started).toMatchObject({ code: 75, stdout: "" })
      expect(started.stderr).toMatch(new RegExp(`swaplab-nbd-server: ${place}: ${words}\n$`))
      close()
    }
  )

  it("an address that this machine does not have", async () => {
    const words = "this machine does not have the address"
    const checked = await runCommand("check", "--memory", "1 MiB", "--listen", "192.0.2.1:10809")
    expect(checked).toMatchObject({ code: 2, stderr: expect.stringContaining(words) })
    expect(await runCommand("--memory", "1 MiB", "--listen", "192.0.2.1:10809")).toMatchObject({
      code: 75,
      stderr: `swaplab-nbd-server: 192.0.2.1:10809: ${words}\n`
    })
  })

  it("one that the running server has, which is going to be restarted", async () => {
    const server = await startServer("exports: { a: { memory: 1 MiB } }")
    expect(await runCommand("check", "--memory", "1 MiB", "--listen", `127.0.0.1:${server.port}`)).toMatchObject({
      code: 0,
      stderr: ""
    })
  })
})

describe("warnings", () => {
  it("secrets that everybody may read, and a quota that does not fit, keep nobody from starting", async () => {
    const folder = scratch()
    const token = join(folder, "token")
    writeFileSync(token, "0123456789abcdef")
    chmodSync(token, 0o644)
    const config = `listen: ["127.0.0.1:0"]
control: { socket: ${folder}/s, tokenFile: ${token} }
quota: 900000 GiB
swap: { s-*: { size: 1 MiB, store: file, directory: ${folder} } }
`
    const checked = await runCommand("check", "--config", fileWith(config))
    expect(checked).toMatchObject({ code: 0, stdout: "valid; exports: 0, templates: 1\n" })
    expect(checked.stderr).toMatch(
      /^warning: .*:2:\d+: control\.tokenFile: .*every user of this machine may read it.*\nwarning: .*:3:8: quota: .* has room for .*\n$/
    )
    const server = await startServer(config)
    const keys = server.events.filter(({ event }) => event === "warning").map(({ key }) => key)
    expect(keys).toEqual(["control.tokenFile", "quota"])
  })
})

const isRoot = process.getuid?.() === 0

describe.skipIf(!isRoot)(`as other users${isRoot ? "" : " (left out: only root may become one)"}`, () => {
  it("a directory that the server's user may not write", async () => {
    const folder = scratch()
    chmodSync(folder, 0o755)
    const file = fileWith(
      `listen: ["127.0.0.1:0"]\nswap: { s-*: { size: 1 MiB, store: file, directory: ${folder} } }\n`
    )
    chmodSync(file.replace(/\/[^/]*$/, ""), 0o755)
    expect((await runCommand("check", "--config", file)).code).toBe(0)
    const nobody = await execute("setpriv", [
      "--reuid=65534",
      "--regid=65534",
      "--clear-groups",
      process.execPath,
      commandFile,
      "check",
      "--config",
      file
    ])
    expect(nobody).toMatchObject({ code: 2, stdout: "" })
    expect(nobody.stderr).toMatch(/swap\.s-\*\.directory: got ".*", permission denied for user nobody\n$/)
  })

  it("a disk without room: check refuses, the start warns, because clients may want their pages back", async () => {
    const folder = scratch()
    const config = `listen: ["127.0.0.1:0"]\nswap: { s-*: { size: 1 MiB, store: file, directory: ${folder} } }\n`
    const file = fileWith(config)
    const full = (command: string): string =>
      `unshare -m sh -c "mount -t tmpfs -o size=128k none ${folder}; head -c 1M /dev/zero > ${folder}/full; ${command}"`
    const checked = await execute("sh", ["-c", full(`${process.execPath} ${commandFile} check --config ${file}`)])
    expect(checked).toMatchObject({ code: 2, stdout: "" })
    expect(checked.stderr).toMatch(/swap\.s-\*\.directory: got ".*", the disk is full: no client gets a new store/)
    const server = await startServer(config, { shell: (command) => `exec ${full(`exec ${command}`)}` })
    expect(await server.event("warning")).toMatchObject({ key: "swap.s-*.directory" })
  })
})
