// swaplab soak --server: faults come to real servers, and every page that comes back is checked. How many requests there are
// depends on the host; which faults are made when does not.
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { serveLies } from "../src/lying-server.ts"
import { freePort } from "../src/ports.ts"
import { commandFile, fileWith, scratch, startServer, stopAll } from "../src/server.ts"
import { swaplab } from "../src/swaplab.ts"

afterEach(stopAll)

const SCENARIO = `
name: soaked
duration: 3 s
seeds: 1
kernels: { slab-series: { allocator: slab, base: v3.6 } }
clients:
  - name: client
    ram: 16 MiB
    swap: 48 MiB
    nbd: { whenLost: reconnect, deadTimeout: 5 min }
    workload: { usemem: { processesPerCpu: 1, size: 20 MiB, passes: 1000 } }
`

interface Soak {
  readonly runs: number
  readonly requests: number
  readonly lost: number
  readonly passPages: number
  readonly faults: ReadonlyArray<{ readonly name: string; readonly made: number }>
  readonly findings: ReadonlyArray<{ readonly seed: number; readonly what: string }>
  readonly brokenLaws: ReadonlyArray<string>
}

const soak = async (uri: string, ...more: ReadonlyArray<string>) => {
  const { code, stderr, stdout } = await swaplab("soak", fileWith(SCENARIO), "--server", uri, ...more)
  return { code, stderr, said: stdout === "" ? null : JSON.parse(stdout) as Soak }
}

it("makes ours pause, fail and drop connections, and finds nothing wrong", async () => {
  const folder = scratch()
  const [path, tokenFile] = [join(folder, "control"), join(folder, "token")]
  writeFileSync(tokenFile, "a token of some length", { mode: 0o600 })
  const server = await startServer(`
swap: { swap-*: { size: 48 MiB, faults: {} } }
control: { socket: ${path}, tokenFile: ${tokenFile} }
`)
  const control = ["--control", path, "--control-token", tokenFile]
  const uri = `nbd://127.0.0.1:${server.port}/swap-{client}`
  const { code, said, stderr } = await soak(uri, ...control, "--runs", "2", "--json")
  expect(stderr).toContain("Not made, because there is no --restart-command: kill.")
  expect(said).toMatchObject({ runs: 2, findings: [], brokenLaws: [] })
  expect(said?.faults.map(({ name }) => name)).toEqual(["slow-disk", "disk-full", "errors", "pause", "restart"])
  expect(said?.faults.reduce((sum, { made }) => sum + made, 0) ?? 0).toBeGreaterThan(4)
  expect([code, (said?.requests ?? 0) > 20]).toEqual([0, true])
  writeFileSync(tokenFile, "a token of another kind")
  const wrong = await soak(uri, ...control, "--runs", "1")
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining(`--control ${path}: wrong token`)])
})

it("an export whose faults the configuration does not allow ends it", async () => {
  const folder = scratch()
  const [path, tokenFile] = [join(folder, "control"), join(folder, "token")]
  writeFileSync(tokenFile, "a token of some length", { mode: 0o600 })
  const server = await startServer(`
swap: { swap-*: { size: 48 MiB } }
control: { socket: ${path}, tokenFile: ${tokenFile} }
`)
  const uri = `nbd://127.0.0.1:${server.port}/swap-{client}`
  const more = ["--control", path, "--control-token", tokenFile, "--runs", "1", "--json"]
  const { code, stderr } = await soak(uri, ...more)
  expect([code, stderr]).toEqual([
    2,
    expect.stringContaining(`--control ${path}: the configuration allows no faults on this export`)
  ])
})

it("kills a server by a command and starts it again", async () => {
  const [folder, port] = [scratch(), await freePort()]
  const config = fileWith(`
listen: ["127.0.0.1:${port}"]
limits: { handshake: 1 h }
swap: { swap-*: { size: 48 MiB, store: file, directory: ${folder}, keep: true } }
`)
  const pid = fileWith("", "pid")
  const start = `'${process.execPath}' '${commandFile}' --config '${config}' >/dev/null 2>&1 & echo $! >'${pid}'`
  const restart = fileWith(`[ -s '${pid}' ] && kill -9 $(cat '${pid}')\n${start}\n`, "restart.sh")
  const first = await startServer(`
listen: ["127.0.0.1:${port}"]
swap: { swap-*: { size: 48 MiB, store: file, directory: ${folder}, keep: true } }
`)
  writeFileSync(pid, `${first.pid}`)
  try {
    const uri = `nbd://127.0.0.1:${port}/swap-{client}`
    const { code, said, stderr } = await soak(uri, "--restart-command", `sh ${restart}`, "--runs", "1", "--json")
    expect(stderr).toContain("Not made, because there is no --control: slow-disk, disk-full, errors, pause, restart.")
    expect(said).toMatchObject({ runs: 1, findings: [], brokenLaws: [] })
    expect(said?.faults).toEqual([expect.objectContaining({ name: "kill" })])
    expect(said?.faults[0]?.made ?? 0).toBeGreaterThan(0)
    expect([code, (said?.lost ?? 0) > 0]).toEqual([0, true])
  } finally {
    process.kill(Number(readFileSync(pid, "utf8")))
  }
})

it("a server that forgets writes is found out, and the trace makes the run again", async () => {
  const { port, server } = await serveLies(48 << 20, "write")
  const out = scratch()
  const scenario = fileWith(SCENARIO)
  const uri = `nbd://127.0.0.1:${port}/swap`
  const { code, stdout } = await swaplab("soak", scenario, "--server", uri, "--runs", "1", "--seed", "7", "--out", out)
  server.close()
  expect(stdout).toMatch(/seed 7: \d+ pages? with forgotten write/)
  expect(code).toBe(99)
  const again = await swaplab("run", scenario, "--server-trace", out, "--seed", "7")
  expect([again.code, again.stdout]).toEqual([99, expect.stringContaining("as before a write that was")])
})

describe("mistakes", () => {
  it.each([
    [["--faults", "pause"], "--faults pause: expected --control too"],
    [["--faults", "kill"], "--faults kill: expected --restart-command too"],
    [["--faults", "flood"], "--faults flood: expected slow-disk, disk-full, errors, pause, restart or kill"],
    [["--control", "/none"], "--control and --control-token: expected both or none"],
    [["--canary"], "--canary and --server: expected one of the two"]
  ])("%s", async (more, words) => {
    const { code, stderr } = await soak("nbd://127.0.0.1:1/swap", ...more)
    expect([code, stderr]).toEqual([2, expect.stringContaining(words)])
  })

  it("what needs --server", async () => {
    const { code, stderr } = await swaplab("soak", fileWith(SCENARIO), "--faults", "pause")
    expect([code, stderr]).toEqual([2, expect.stringContaining("expected --server too")])
  })
})
