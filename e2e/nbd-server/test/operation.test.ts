// The server as its administrator meets it: templates, limits, signals, sockets, faults, mistakes.
import { encodeClientFlags, exportInfo, getU32, MemoryStore, ServerSession } from "@swaplab/nbd"
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { connect, createServer } from "node:net"
import { join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { attach, goOption, greet } from "../src/client.ts"
import { execute, fileWith, main, runCommand, scratch, startServer, stopAll } from "../src/server.ts"

afterEach(stopAll)

const page = (fill: number): Buffer => Buffer.alloc(4096, fill)
const probe = async (port: number, path: string): Promise<string> =>
  await (await fetch(`http://127.0.0.1:${port}${path}`)).text()

describe("swap for each client", () => {
  it.each(["memory", "file"])("in %s: two clients never see each other's bytes", async (store) => {
    const folder = scratch()
    const server = await startServer(
      `swap: { swap-*: { size: 1 MiB, store: ${store}${store === "file" ? `, directory: ${folder}` : ""} } }`
    )
    const [a, b] = [await attach(server.port, "swap-a"), await attach(server.port, "swap-b")]
    for (let i = 0; i < 64; i++) expect((await a.write(4096 + i * 4096, page(0xaa))).error).toBe(0)
    for (let i = 0; i < 255; i++) {
      const { data } = await b.read(4096 + i * 4096, 4096)
      expect(data.equals(page(0))).toBe(true)
    }
    const header = (await b.read(0, 4096)).data
    expect(header.subarray(4086).toString()).toBe("SWAPSPACE2")
    await a.disconnect()
    // the place is used again, its contents are not
    const again = await attach(server.port, "swap-a")
    expect((await again.read(4096, 4096)).data.equals(page(0))).toBe(true)
  })

  it("is kept after a reset for who comes back, and goes with DISC", async () => {
    const folder = scratch()
    const server = await startServer(`swap: { swap-*: { size: 1 MiB, store: file, directory: ${folder} } }`)
    const first = await attach(server.port, "swap-a")
    await first.write(8192, page(7))
    first.reset()
    await server.event("detached", ({ clean }) => clean === false)
    expect(readdirSync(folder)).toEqual(["swap-a%40127.0.0.1"])
    // somebody else does not get it
    await expect(attach(server.port, "swap-a", "127.0.0.2")).rejects.toThrow("80000002")
    const second = await attach(server.port, "swap-a")
    expect((await second.read(8192, 4096)).data.equals(page(7))).toBe(true)
    await second.disconnect()
    await server.until(() => readdirSync(folder).length === 0 || undefined)
  })

  it("goes when nobody comes back within the grace period", async () => {
    const folder = scratch()
    const server = await startServer(
      `swap: { swap-*: { size: 1 MiB, store: file, directory: ${folder}, grace: 200 ms } }`
    )
    const client = await attach(server.port, "swap-a")
    await client.write(8192, page(7))
    client.reset()
    await server.until(() => readdirSync(folder).length === 0 || undefined)
  })

  it("by address: one name for all, a store for each", async () => {
    const server = await startServer("swap: { swap: { size: 1 MiB, per: address } }")
    const [a, b] = [await attach(server.port, "swap"), await attach(server.port, "swap", "127.0.0.2")]
    await a.write(4096, page(1))
    expect((await b.read(4096, 4096)).data.equals(page(0))).toBe(true)
    const other = await attach(server.port, "swap")
    expect((await other.read(4096, 4096)).data.equals(page(1))).toBe(true)
  })

  it("stays within the quota of all, which a disconnect gives back", async () => {
    const server = await startServer("quota: 256 KiB\nswap: { swap-*: { size: 1 MiB } }")
    const [a, b] = [await attach(server.port, "swap-a"), await attach(server.port, "swap-b")]
    let written = 0
    while ((await a.write(written, page(1))).error === 0) written += 4096
    expect(written).toBe(256 * 1024 - 32 * 1024)
    expect((await a.write(written, page(1))).error).toBe(28)
    expect((await b.write(40_960, page(1))).error).toBe(28)
    await a.disconnect()
    await server.event("detached")
    await server.until(() => server.events.find(({ event }) => event === "removed swap-a"))
    expect((await b.write(40_960, page(1))).error).toBe(0)
  })

  it("survives a restart of the server", async () => {
    const folder = scratch()
    const config = `swap: { swap-*: { size: 1 MiB, store: file, directory: ${folder} } }`
    const server = await startServer(config)
    const client = await attach(server.port, "swap-a")
    expect((await client.write(8192, page(9))).error).toBe(0)
    expect((await server.stop()).code).toBe(0)
    const next = await startServer(config)
    await expect(attach(next.port, "swap-a", "127.0.0.2")).rejects.toThrow("80000002")
    const again = await attach(next.port, "swap-a")
    expect((await again.read(8192, 4096)).data.equals(page(9))).toBe(true)
  })
})

describe("limits", () => {
  it("lets in only who is in the allow-list, for the server and for an export", async () => {
    const server = await startServer(
      "allow: [127.0.0.0/30]\nexports: { a: { memory: 1 MiB }, b: { memory: 1 MiB, allow: [127.0.0.2] } }"
    )
    await attach(server.port, "a")
    await expect(attach(server.port, "b")).rejects.toThrow("80000006")
    await attach(server.port, "b", "127.0.0.2")
    await expect(attach(server.port, "a", "127.0.0.9")).rejects.toThrow("closed")
  })

  it("gives slots back after RST, DISC and the end of the process", async () => {
    const server = await startServer("limits: { connections: 2 }\nexports: { a: { memory: 1 MiB } }")
    for (let i = 0; i < 6; i++) {
      const [one, two] = [await attach(server.port, "a"), await attach(server.port, "a")]
      await expect(attach(server.port, "a")).rejects.toThrow("closed")
      if (i % 2 === 0) one.reset()
      else await one.disconnect()
      two.socket.destroy()
      const count = (i + 1) * 2
      await server.until(() => server.events.filter(({ event }) => event === "detached").length === count || undefined)
    }
  })

  it("holds a client to its rate, and not the others", async () => {
    const server = await startServer(
      "exports: { a: { memory: 1 MiB, requestsPerSecond: 10 }, b: { memory: 1 MiB } }"
    )
    const [slow, fast] = [await attach(server.port, "a"), await attach(server.port, "b", "127.0.0.2")]
    const started = performance.now()
    let others = 0
    let done = false
    const busy = (async () => {
      while (!done) {
        await fast.read(0, 4096)
        others++
      }
    })()
    // one may come at once, the bucket may be in debt for one: the others wait a tenth of a second each
    for (let i = 0; i < 6; i++) await slow.read(0, 512)
    done = true
    await busy
    expect(performance.now() - started).toBeGreaterThan(350)
    expect(others).toBeGreaterThan(6)
  })

  it("ends a handshake that takes too long", async () => {
    const server = await startServer("limits: { handshake: 200 ms }\nexports: { a: { memory: 1 MiB } }")
    const client = await greet(server.port)
    client.socket.write(encodeClientFlags(3))
    await client.rest()
    await server.event("handshake failed", ({ reason }) => String(reason).includes("too long"))
  })
})

describe("signals", () => {
  it("SIGTERM: what is in flight is answered, the rest gets ESHUTDOWN, options ERR_SHUTDOWN", async () => {
    const server = await startServer(
      "limits: { shutdown: 3 s }\nexports: { a: { memory: 1 MiB, faults: { delay: { kind: fixed, ms: 300 } } } }"
    )
    const [client, late] = [await attach(server.port, "a"), await greet(server.port)]
    const inFlight = client.write(0, page(1))
    await client.socket.write("")
    await new Promise((resolve) => setTimeout(resolve, 100))
    const ended = server.stop()
    await server.event("stopping")
    expect((await inFlight).error).toBe(0)
    expect((await client.read(0, 512)).error).toBe(108)
    late.socket.write(Buffer.concat([encodeClientFlags(3), goOption("a")]))
    expect(await late.optionReply()).toBe(0x80000007)
    late.socket.destroy()
    await client.disconnect()
    expect(await ended).toEqual({ code: 0, signal: null })
  })

  it("SIGHUP: other exports, without touching open ones; a broken file changes nothing", async () => {
    const server = await startServer("exports: { a: { memory: 1 MiB } }")
    const client = await attach(server.port, "a")
    await client.write(0, page(3))
    const file = String(server.child.spawnargs.at(-1))
    const before = readFileSync(file, "utf8")
    writeFileSync(file, before.replace("a: { memory: 1 MiB }", "b: { memory: 2 MiB }"))
    server.child.kill("SIGHUP")
    await server.event("reloaded")
    await attach(server.port, "b")
    await expect(attach(server.port, "a")).rejects.toThrow("80000006")
    expect((await client.read(0, 4096)).data.equals(page(3))).toBe(true)
    writeFileSync(file, before.replace("1 MiB", "1 MiP"))
    server.child.kill("SIGHUP")
    expect(String((await server.event("not reloaded"))["why"])).toMatch(
      /exports\.a\.memory: got "1 MiP", expected a size/
    )
    await attach(server.port, "b")
  })
})

describe("sockets", () => {
  it("listens at a Unix socket, and takes over a stale one", async () => {
    const path = join(scratch(), "nbd.sock")
    const config = `listen: ["unix:${path}"]\nexports: { a: { memory: 1 MiB } }`
    const first = await startServer(config)
    expect(runCommand("--listen", `unix:${path}`, "--memory", "1 MiB")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/another process listens there/)
    })
    await first.stop("SIGKILL")
    expect(existsSync(path)).toBe(true)
    await startServer(config)
    const socket = connect(path)
    const greeting = await new Promise<Buffer>((resolve) => socket.once("data", resolve))
    expect(greeting.subarray(0, 8).toString()).toBe("NBDMAGIC")
    socket.destroy()
  })

  it("serves a socket that was passed as systemd does", async () => {
    const listener = createServer()
    await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve))
    const address = listener.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    const handle = Reflect.get(listener, "_handle") as { readonly fd: number }
    await startServer("exports: { a: { memory: 1 MiB } }", {
      stdio: ["ignore", "ignore", "pipe", handle.fd],
      shell: (command) => `LISTEN_FDS=1 LISTEN_PID=$$ exec ${command}`
    })
    listener.close()
    const client = await attach(port, "a")
    expect((await client.read(0, 512)).error).toBe(0)
  })

  it("is reached from this machine only unless it is told otherwise", async () => {
    const server = await startServer("listen: [\"127.0.0.1:0\"]\nexports: { a: { memory: 1 MiB } }")
    expect(String((await server.event("listening"))["at"])).toMatch(/^127\.0\.0\.1:/)
  })
})

it("serves metrics, health and the status", async () => {
  const server = await startServer("metrics: 127.0.0.1:0\nswap: { swap-*: { size: 1 MiB } }")
  const client = await attach(server.port, "swap-a")
  await client.write(40_960, page(1))
  await client.read(40_960, 4096)
  const metrics = await probe(server.probes, "/metrics")
  expect(metrics).toContain("nbd_requests_total{client=\"swap-a\",command=\"write\"} 1")
  expect(metrics).toContain("nbd_read_bytes_total{client=\"swap-a\"} 4096")
  expect(metrics).toContain("nbd_swap_used_bytes 65536")
  expect(metrics).toMatch(/nbd_request_seconds_bucket\{client="swap-a",le="\+Inf"\} 2/)
  expect(await probe(server.probes, "/healthz")).toBe("ok\n")
  const { code, output } = await execute(process.execPath, [main, "status", "--metrics", `127.0.0.1:${server.probes}`])
  expect(code).toBe(0)
  expect(output).toMatch(/swap-a +1 /)
  expect(output).toMatch(/swap-a +1 MiB +64 KiB +1/)
})

describe("faults", () => {
  it("are switched through the control socket, by who has the token", async () => {
    const folder = scratch()
    writeFileSync(join(folder, "token"), "0123456789abcdef-token\n")
    writeFileSync(join(folder, "wrong"), "0123456789abcdef-other\n")
    const server = await startServer(`
exports: { a: { memory: 1 MiB, faults: {} }, b: { memory: 1 MiB } }
control: { socket: ${folder}/control, tokenFile: ${folder}/token }
`)
    const faults = (plan: object | null, token = "token", name = "a") =>
      runCommand(
        "faults",
        "--socket",
        `${folder}/control`,
        "--token-file",
        join(folder, token),
        "--export",
        name,
        ...(plan === null ? [] : ["--plan", JSON.stringify(plan)])
      )
    const client = await attach(server.port, "a")
    expect((await client.write(0, page(1))).error).toBe(0)
    expect(faults({ diskFull: true }, "wrong")).toMatchObject({ code: 2, stderr: expect.stringMatching(/wrong token/) })
    expect((await client.write(0, page(1))).error).toBe(0)
    expect(faults({ diskFull: true }).code).toBe(0)
    expect((await client.write(0, page(1))).error).toBe(28)
    expect(faults({ errors: [{ command: "read", probability: 1, error: "EIO" }] }).code).toBe(0)
    expect((await client.read(0, 512)).error).toBe(5)
    expect((await client.write(0, page(1))).error).toBe(0)
    expect(faults({ stall: true }).code).toBe(0)
    let answered = false
    const stalled = client.read(0, 512).then((reply) => {
      answered = true
      return reply
    })
    expect(faults({ stall: true }).code).toBe(0)
    expect(answered).toBe(false)
    expect(faults({}).code).toBe(0)
    expect((await stalled).error).toBe(0)
    expect(faults({ drop: 2 })).toMatchObject({ code: 2, stderr: expect.stringMatching(/probability/) })
    expect(faults({}, "token", "b")).toMatchObject({ code: 2, stderr: expect.stringMatching(/allows no faults/) })
    expect(faults(null).stdout).toContain("\"dropped\":1")
    await client.rest()
    const other = await attach(server.port, "a")
    expect(faults({ drop: 1 }).code).toBe(0)
    await expect(other.read(0, 512)).rejects.toThrow("closed")
  })
})

describe("mistakes", () => {
  it.each<[what: string, config: string, message: RegExp]>([
    ["an unknown key", "exprots: {}", /exprots: unknown key/],
    [
      "a wrong size",
      "exports: { a: { memory: 64 MegaByte } }",
      /exports\.a\.memory: got "64 MegaByte", expected a size/
    ],
    ["no store", "exports: { a: {} }", /exports\.a: .*exactly one of file, memory and tokens/],
    ["two stores", "exports: { a: { memory: 1 MiB, tokens: 1 MiB } }", /exports\.a: .*exactly one/],
    ["nothing to serve", "listen: [\"127.0.0.1:0\"]", /has no exports/],
    ["a template without *", "swap: { swap: { size: 1 MiB } }", /swap\.swap: expected a name that ends in \*/],
    [
      "a file template without a directory",
      "swap: { s*: { size: 1 MiB, store: file } }",
      /swap\.s\*\.directory: is missing/
    ],
    ["a file that is not there", "exports: { a: { file: /nowhere/x } }", /\/nowhere\/x: no such file/],
    ["a wrong network", "allow: [10.0.0.0/33]\nexports: { a: { memory: 1 MiB } }", /allow\[0\]: got "10\.0\.0\.0\/33"/],
    [
      "a wrong place",
      "listen: [somewhere]\nexports: { a: { memory: 1 MiB } }",
      /listen\[0\]: got "somewhere", expected an/
    ],
    ["TLS without a certificate", "tls: {}\nexports: { a: { memory: 1 MiB } }", /tls: expected certificate and key/],
    [
      "a certificate that is not there",
      "tls: { certificate: /nowhere/c, key: /nowhere/k }\nexports: { a: { memory: 1 MiB } }",
      /tls\.certificate: got "\/nowhere\/c"/
    ],
    ["something else than YAML", "exports: {a: [", /line \d+, column \d+: not YAML/]
  ])("%s: one line, exit code 2, nothing opened", (_what, config, message) => {
    const folder = scratch()
    const file = fileWith(`${config}\n`)
    const { code, stderr, stdout } = runCommand("--config", file)
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
    const lines = stderr.trimEnd().split("\n")
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(message)
    expect(readdirSync(folder)).toEqual([])
  })

  it("check says the same, and opens nothing", () => {
    const folder = scratch()
    mkdirSync(join(folder, "swap"))
    const file = fileWith(`exports: { a: { file: ${folder}/new.img, size: 1 MiB } }\n`)
    expect(runCommand("check", "--config", file)).toMatchObject({
      code: 0,
      stdout: "valid; exports: 1, templates: 0\n"
    })
    expect(readdirSync(folder)).toEqual(["swap"])
    expect(runCommand("check", "--swap", "1 MB/s")).toMatchObject({ code: 2 })
    expect(JSON.parse(runCommand("schema").stdout)).toMatchObject({ $schema: expect.stringContaining("json-schema") })
  })
})

it("answers byte for byte what the engine without a socket answers", async () => {
  const size = 1 << 20
  const server = await startServer("exports: { disk: { memory: 1 MiB } }")
  const store = new MemoryStore(size)
  const session = new ServerSession([{ info: exportInfo({ name: "disk", size }), store, extents: store }])
  session.greeting()
  const hex = (text: string) => Buffer.from(text.replace(/\s/g, ""), "hex")
  const option = "49484156454f5054"
  const requests = Array.from({ length: 300 }, (_, i) => {
    const type = [1, 0, 3, 6, 4, 7, 0, 9][i % 8]
    const header = hex(
      `25609513 ${i % 5 === 4 ? "0004" : "0000"} 000${type} 0000000000000000 0000000000000000 00000000`
    )
    header.writeUInt32BE(i, 12)
    header.writeUInt32BE(i * 3571 % size, 20)
    header.writeUInt32BE(i % 7 * 900, 24)
    return type === 1 ? Buffer.concat([header, Buffer.alloc(i % 7 * 900, i)]) : header
  })
  const said = Buffer.concat([
    hex(`00000003 ${option} 00000003 00000000 ${option} 00000008 00000000`),
    hex(`${option} 0000000a 0000001f 00000004 6469736b 00000001 0000000f 626173653a616c6c6f636174696f6e`),
    hex(`${option} 00000006 00000012 00000004 6469736b 0004 0000 0001 0002 0003`),
    hex(`${option} 00000007 0000000a 00000004 6469736b 0000`),
    ...requests,
    hex("25609513 0000 0002 0000000000000000 0000000000000000 00000000")
  ])
  const client = await greet(server.port)
  for (let at = 0; at < said.length; at += 1009) client.socket.write(said.subarray(at, at + 1009))
  const answers = await client.rest()
  expect(answers.equals(Buffer.from(session.push(said)))).toBe(true)
  expect(getU32(answers, 0)).toBe(0x0003e889)
})
