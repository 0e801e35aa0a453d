// run --server --control: the faults that a scenario has for its server come to the real one, and the trace makes the run again
// without it. How much is swapped meanwhile depends on the host; what is on when does not.
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { fileWith, scratch, startServer, stopAll } from "../src/server.ts"
import { runAgainst, swaplab } from "../src/swaplab.ts"

afterEach(stopAll)

const withFaults = (...faults: ReadonlyArray<string>): string =>
  fileWith(`
name: troubled
duration: 6 s
seeds: 1
expect: { default: any }
kernels: { slab-series: { allocator: slab, base: v3.6 } }
clients:
  - name: client
    ram: 16 MiB
    swap: 48 MiB
    nbd: { whenLost: reconnect, deadTimeout: 5 min }
    workload: { usemem: { processesPerCpu: 1, size: 20 MiB, passes: 1000 } }
faults:
${faults.map((fault) => `  - { where: server, ${fault} }`).join("\n")}
`)

/** Our server with a control socket, and the options for it. */
const controlled = async (more = "faults: {}") => {
  const folder = scratch()
  const [path, tokenFile] = [join(folder, "control"), join(folder, "token")]
  writeFileSync(tokenFile, "a token of some length", { mode: 0o600 })
  const server = await startServer(`
swap: { swap-*: { size: 48 MiB, ${more} } }
control: { socket: ${path}, tokenFile: ${tokenFile} }
`)
  return {
    server,
    path,
    uri: `nbd://127.0.0.1:${server.port}/swap-{client}`,
    control: ["--control", path, "--control-token", tokenFile]
  }
}

it("are made there, counted, and made again from the trace", async () => {
  const scenario = withFaults(
    "what: slow-disk, at: 1 s, for: 1 s, extra: 30 ms",
    "what: pause, at: 2500 ms, for: 500 ms",
    "what: restart, at: 4 s, for: 500 ms"
  )
  const { control, server, uri } = await controlled()
  const out = scratch()
  const { run } = await runAgainst(scenario, uri, ...control, "--out", out)
  expect(run.faults.map(({ what }) => what)).toEqual(["slow-disk", "pause", "restart"])
  for (const { effects, what } of run.faults) expect([what, (effects[0]?.count ?? 0) > 0]).toEqual([what, true])
  expect(run.gateway).toMatchObject({ connectionsLost: 1, lies: {} })
  expect(run.gateway.connectionsOpened).toBe(2)
  expect(run.gateway.finalPass).toMatchObject({ wrong: [], ended: null })
  await server.stop()
  const replayed = await swaplab("run", scenario, "--server-trace", out, "--json")
  const [again] = JSON.parse(replayed.stdout).runs
  expect([again.fingerprint, again.faults]).toEqual([run.fingerprint, run.faults])
})

it("errors are answered, and have ended before everything is read back", async () => {
  const scenario = withFaults("what: errors, at: 1 s, command: write, probability: 100 %")
  const { control, uri } = await controlled()
  const { run } = await runAgainst(scenario, uri, ...control)
  expect(run.gateway.errors).toBeGreaterThan(0)
  expect(run.gateway).toMatchObject({ lies: {}, finalPass: { wrong: [], ended: null } })
})

it("a server that allows none ends the run", async () => {
  const { control, path, uri } = await controlled("keep: false")
  const { code, stderr } = await swaplab(
    "run",
    withFaults("what: pause, at: 1 s, for: 1 s"),
    "--server",
    uri,
    ...control
  )
  expect(stderr).toContain(`--control ${path}: the configuration allows no faults on this export`)
  expect(code).not.toBe(0)
})

describe("what cannot be", () => {
  const control = ["--control", "/none", "--control-token", "/none"]
  it.each<readonly [string, ReadonlyArray<string>, string]>([
    ["what: pause, at: 1 s, for: 1 s", [], "or run with --control and --control-token, the control socket"],
    ["what: server-power-off, at: 1 s, for: 1 s", [], "expected faults of clients, cables and switches\n"],
    [
      "what: server-power-off, at: 1 s, for: 1 s",
      control,
      "server-power-off: expected slow-disk, disk-full, errors, pause or"
    ],
    ["what: slow-disk, at: 1 s, factor: 3", control, "slow-disk: factor: 3, expected extra only"],
    ["what: restart, at: 1 s, for: 1 s, store: lost", control, "restart: store: lost, expected kept"],
    ["what: pause, at: 1 s, for: 1 s", ["--control", "/none"], "--control and --control-token: expected both or none"],
    ["what: pause, at: 1 s, for: 1 s", control, "--control-token /none: ENOENT"]
  ])("%s %j", async (fault, more, words) => {
    const { code, stderr } = await swaplab("run", withFaults(fault), "--server", "nbd://127.0.0.1:1/swap", ...more)
    expect([code, stderr]).toEqual([2, expect.stringContaining(words)])
  })

  it("a control socket without a server", async () => {
    const { code, stderr } = await swaplab("run", withFaults("what: pause, at: 1 s, for: 1 s"), ...control)
    expect([code, stderr]).toEqual([2, expect.stringContaining("expected --server too")])
  })
})
