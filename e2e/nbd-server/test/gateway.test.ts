// Emulated clients against real servers: swap travels there and back, lies are noticed, and the trace makes the same
// run again. Nothing here depends on how fast the host is: a run that could not keep up is not judged (97), and its counters and
// contents are looked at all the same.
import { readFileSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { certificatesIn } from "../src/certificates.ts"
import { type LieAbout, serveLies } from "../src/lying-server.ts"
import { ok, withPrograms } from "../src/peers.ts"
import { freePort, listening } from "../src/ports.ts"
import { fileWith, scratch, spawnPeer, startServer, stopAll } from "../src/server.ts"
import { type GatewayRun, runAgainst, small, swaplab } from "../src/swaplab.ts"

afterEach(stopAll)

const SIZE = 48 << 20

/** It served everything, and holds what it was given. */
const served = (run: GatewayRun, clients = 1): void => {
  expect(run.outcome).toBe("completed")
  expect(run.laws.filter(({ holds }) => !holds)).toEqual([])
  expect(run.gateway).toMatchObject({ errors: 0, connectionsOpened: clients, connectionsLost: 0, lies: {}, losses: [] })
  expect(run.gateway.finalPass).toMatchObject({ wrong: [], ended: null })
  expect(run.gateway.reads).toBeGreaterThan(20)
  expect(run.gateway.finalPass.pages).toBeGreaterThan(1000)
}

describe("a server that works", () => {
  it("ours, with an export for each client; its trace makes the same run again without it", async () => {
    const server = await startServer("swap: { swap-*: { size: 48 MiB } }")
    const [scenario, out] = [small("exit", 2), scratch()]
    const { run } = await runAgainst(scenario, `nbd://127.0.0.1:${server.port}/swap-{client}`, "--out", out)
    served(run, 2)
    await server.stop()
    const replayed = await swaplab("run", scenario, "--server-trace", out, "--json")
    expect(JSON.parse(replayed.stdout).runs[0].fingerprint).toBe(run.fingerprint)
    const other = await swaplab("run", scenario, "--server-trace", out, "--set", "clients.0.ram=24MiB")
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining("has the trace of another scenario")])
  })

  withPrograms("openssl")("ours, with TLS", async () => {
    const pki = await certificatesIn(scratch())
    const server = await startServer(`
swap: { swap-*: { size: 48 MiB } }
tls: { mode: required, certificate: ${pki}/server-cert.pem, key: ${pki}/server-key.pem }
`)
    const at = `127.0.0.1:${server.port}/swap-a`
    served((await runAgainst(small("exit"), `nbds://${at}?tls-certificates=${pki}`)).run)
    const plain = await swaplab("run", small("exit"), "--server", `nbd://${at}`)
    expect([plain.code, plain.stderr]).toEqual([2, expect.stringContaining("it wants TLS (nbds://)")])
  })

  withPrograms("nbdkit")("nbdkit, whose one export two clients share", async () => {
    const socket = join(scratch(), "nbd")
    spawnPeer("nbdkit", ["-f", "-U", socket, "memory", `${2 * SIZE}`])
    await listening(socket)
    served((await runAgainst(small("exit", 2), `nbd+unix:///?socket=${socket}`)).run, 2)
  })

  withPrograms("qemu-nbd")("qemu-nbd", async () => {
    const [file, socket] = [fileWith("", "disk"), join(scratch(), "nbd")]
    truncateSync(file, SIZE)
    spawnPeer("qemu-nbd", ["-f", "raw", "-k", socket, "-t", "-x", "swap", file])
    await listening(socket)
    served((await runAgainst(small("exit"), `nbd+unix:///swap?socket=${socket}`)).run)
  })

  withPrograms("nbd-server")("nbd-server", async () => {
    const [file, port] = [fileWith("", "disk"), await freePort()]
    truncateSync(file, SIZE)
    const config = fileWith(
      `[generic]\nport = ${port}\nlistenaddr = 127.0.0.1\n[swap]\nexportname = ${file}\n`,
      "config"
    )
    writeFileSync(file, Buffer.alloc(SIZE))
    // it has no mode in the foreground that serves one client after the other
    const pid = join(scratch(), "pid")
    await ok("nbd-server", "-C", config, "-p", pid)
    await listening(port)
    try {
      served((await runAgainst(small("exit"), `nbd://127.0.0.1:${port}/swap`)).run)
    } finally {
      process.kill(Number(readFileSync(pid, "utf8")))
    }
  })
})

describe("a server that lies is caught and named within one pass", () => {
  it.each<readonly [LieAbout, string]>([
    ["read", "came back damaged"],
    ["write", "came back as before a write that was acknowledged"],
    ["reply", "the server answered a request twice"]
  ])("about a %s", async (about, words) => {
    const { port, server } = await serveLies(SIZE, about)
    const { code, stdout } = await swaplab("run", small("exit"), "--server", `nbd://127.0.0.1:${port}/swap`)
    server.close()
    const text = stdout.replace(/\s+/g, " ")
    expect(text).toContain(words)
    expect(text).toContain("corruption where the scenario expects completion")
    expect(code).toBe(99)
  })
})

describe("what cannot be", () => {
  it.each([
    ["http://127.0.0.1/", "is no NBD URI"],
    ["nbd://127.0.0.1:1/swap", "nobody listens there"],
    ["nbd+unix:///swap", "and its socket do not fit together"]
  ])("%s", async (uri, words) => {
    const { code, stderr } = await swaplab("run", small("exit"), "--server", uri)
    expect([code, stderr]).toEqual([2, expect.stringContaining(words)])
  })

  it("an export that is too small, and one that is not there", async () => {
    const server = await startServer("exports: { swap: { memory: 60 MiB } }")
    const at = `nbd://127.0.0.1:${server.port}`
    const smallExport = await swaplab("run", small("exit", 2), "--server", `${at}/swap`)
    expect([smallExport.code, smallExport.stderr]).toEqual([
      2,
      expect.stringContaining("has 60 MiB, expected at least 96 MiB for the swap of 2 clients")
    ])
    const none = await swaplab("run", small("exit"), "--server", `${at}/none`)
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining("it has no such export")])
  })
})
