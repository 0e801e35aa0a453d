// The server as its administrator meets it: signals, sockets, probes, faults.
import { encodeClientFlags } from "@swaplab/nbd"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { connect, createServer } from "node:net"
import { join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { attach, goOption, greet } from "../src/client.ts"
import { control, logOf, probe, runCommand, scratch, startServer, statusWhen, stopAll } from "../src/server.ts"

afterEach(stopAll)

const page = (fill: number): Buffer => Buffer.alloc(4096, fill)

const TOKEN = "0123456789abcdef-token"

/** A folder with the token of a control socket, and what the configuration says of it. */
const controlled = () => {
  const folder = scratch()
  writeFileSync(join(folder, "token"), `${TOKEN}\n`)
  const socket = join(folder, "control")
  const plan = (name: string, faults: object) =>
    control(socket, { token: TOKEN, command: "faults", export: name, plan: faults })
  return { folder, socket, config: `control: { socket: ${socket}, tokenFile: ${folder}/token }\n`, plan }
}

describe("signals", () => {
  it("SIGTERM: what is in flight is answered, nothing else is, options get ERR_SHUTDOWN", async () => {
    const { config, plan } = controlled()
    // nothing here waits for a clock: the write is held until it is let go, the server waits for it as long as it takes
    const server = await startServer(`${config}metrics: 127.0.0.1:0
limits: { shutdown: 1 h, handshake: 1 h, inFlight: 1 }
exports: { a: { memory: 1 MiB, faults: { stall: true } }, b: { memory: 1 MiB } }
`)
    const [client, late] = [await attach(server.port, "a"), await greet(server.port)]
    const idle = await attach(server.port, "b")
    let answered = false
    const inFlight = client.write(0, page(1)).then(({ error }) => {
      answered = true
      return error
    })
    // it has come and may not start
    const waiting = client.write(4096, page(2)).then(() => "answered", (error: Error) => error.message)
    await statusWhen(server, ({ clients }) => (clients[0]?.heldBytes ?? 0) >= 4096)
    const ended = server.stop()
    await server.event("stopping")
    expect((await idle.rest()).length).toBe(0)
    const comes = client.read(0, 512).then(() => "answered", (error: Error) => error.message)
    late.socket.write(Buffer.concat([encodeClientFlags(3), goOption("a")]))
    expect(await late.optionReply()).toBe(0x80000007)
    late.socket.destroy()
    expect(answered).toBe(false)
    await expect(attach(server.port, "a")).rejects.toThrow("closed")
    expect(await plan("a", {})).toEqual({ ok: true })
    expect(await inFlight).toBe(0)
    expect([await waiting, await comes]).toEqual(["closed by the server", "closed by the server"])
    expect(await ended).toEqual({ code: 0, signal: null })
    expect(server.events.some((line) => line.event === "lost" && line["export"] === "a")).toBe(true)
  })

  it("SIGTERM: whoever does not read, or is never answered, holds the server no longer than `shutdown`", async () => {
    const { config } = controlled()
    const server = await startServer(`${config}metrics: 127.0.0.1:0
limits: { shutdown: 1 ms }
exports: { a: { memory: 8 MiB, faults: { stall: true } }, b: { memory: 8 MiB } }
`)
    const [stalled, deaf] = [await attach(server.port, "a"), await attach(server.port, "b")]
    const holds = (bytes: number) => statusWhen(server, ({ clients }) => (clients[0]?.heldBytes ?? 0) >= bytes)
    stalled.write(0, page(1)).catch(() => {})
    await holds(4096)
    deaf.socket.pause()
    for (let i = 0; i < 16; i++) deaf.read(0, 4 << 20).catch(() => {})
    await holds(4 << 20)
    expect(await server.stop("SIGINT")).toEqual({ code: 0, signal: null })
    expect(server.events.find(({ event, unanswered }) => event === "detached" && unanswered === 1)).toMatchObject({
      export: "a",
      reason: "shutting down"
    })
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

  it.each(["a named pipe", "standard input"])("SIGHUP: what came through %s is not read again", async (way) => {
    const pipe = join(scratch(), "pipe")
    const named = way === "a named pipe"
    const source = named ? pipe : "/dev/stdin"
    const server = await startServer("exports: { a: { memory: 1 MiB } }", {
      shell: (command) => {
        const [, file] = /'([^']+)'$/.exec(command) ?? []
        const serve = command.replace(file, source)
        return `mkfifo '${pipe}'; cat '${file}' > '${pipe}' & exec ${named ? serve : `${serve} < '${pipe}'`}`
      }
    })
    const client = await attach(server.port, "a")
    for (let times = 1; times <= 2; times++) {
      server.child.kill("SIGHUP")
      const refused = () => server.events.filter(({ event }) => event === "not reloaded")
      await server.until(() => refused().length === times || undefined)
      expect(refused().at(-1)?.["why"]).toBe(
        `${source}: is a pipe and can be read once, expected a file to reload`
      )
      expect((await client.write(0, page(times))).error).toBe(0)
    }
  })
})

describe("sockets", () => {
  it("listens at a Unix socket, and takes over a stale one", async () => {
    const path = join(scratch(), "nbd.sock")
    const config = `listen: ["unix:${path}"]\nexports: { a: { memory: 1 MiB } }`
    const first = await startServer(config)
    expect(await runCommand("--listen", `unix:${path}`, "--memory", "1 MiB")).toMatchObject({
      code: 75,
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
    // the port may be taken on the machine of this test: then that is said, of the same place
    expect(await logOf("--memory", "1 MiB")).toMatch(/127\.0\.0\.1:10809/)
  })
})

it("serves metrics, health and the status", async () => {
  const server = await startServer("metrics: 127.0.0.1:0\nswap: { swap-*: { size: 1 MiB } }")
  const client = await attach(server.port, "swap-a")
  await client.write(40_960, page(1))
  await client.read(40_960, 4096)
  const metrics = await probe(server, "/metrics")
  expect(metrics).toContain("nbd_requests_total{client=\"swap-a\",command=\"write\"} 1")
  expect(metrics).toContain("nbd_read_bytes_total{client=\"swap-a\"} 4096")
  expect(metrics).toContain("nbd_swap_used_bytes 65536")
  expect(metrics).toMatch(/nbd_request_seconds_bucket\{client="swap-a",le="\+Inf"\} 2/)
  expect(await probe(server, "/healthz")).toBe("ok\n")
  const { code, output } = await runCommand("status", "--metrics", `127.0.0.1:${server.probes}`)
  expect(code).toBe(0)
  expect(output).toMatch(/swap-a +1 /)
  expect(output).toMatch(/swap-a +1 MiB +64 KiB +1/)
})

describe("faults", () => {
  it("are switched through the control socket", async () => {
    const { config, plan, socket } = controlled()
    const server = await startServer(`${config}metrics: 127.0.0.1:0
exports: { a: { memory: 1 MiB, faults: {} }, b: { memory: 1 MiB } }
`)
    const client = await attach(server.port, "a")
    expect((await client.write(0, page(1))).error).toBe(0)
    await plan("a", { diskFull: true })
    expect((await client.write(0, page(1))).error).toBe(28)
    await plan("a", { errors: [{ command: "read", probability: 1, error: "EIO" }] })
    expect((await client.read(0, 512)).error).toBe(5)
    expect((await client.write(0, page(1))).error).toBe(0)
    await plan("a", { stall: true })
    let answered = false
    const stalled = client.write(0, page(2)).then(({ error }) => {
      answered = true
      return error
    })
    await statusWhen(server, ({ clients }) => clients[0].heldBytes >= 4096)
    expect(answered).toBe(false)
    await plan("a", {})
    expect(await stalled).toBe(0)
    expect(await plan("a", { drop: 2 })).toEqual({ error: expect.stringMatching(/probability/) })
    expect(await control(socket, { token: TOKEN, command: "drop", export: "a" })).toEqual({ ok: true, dropped: 1 })
    await client.rest()
    const other = await attach(server.port, "a")
    await plan("a", { drop: 1 })
    await expect(other.read(0, 512)).rejects.toThrow("closed")
  })

  it("only by who has the token, and only where the configuration allows them", async () => {
    const { config, folder, socket } = controlled()
    writeFileSync(join(folder, "wrong"), "0123456789abcdef-other\n")
    const server = await startServer(`${config}exports: { a: { memory: 1 MiB, faults: {} }, b: { memory: 1 MiB } }`)
    const faults = (token: string, name: string) => {
      const where = ["--socket", socket, "--token-file", join(folder, token)]
      return runCommand("faults", ...where, "--export", name, "--plan", "{\"diskFull\": true}")
    }
    const [a] = [await attach(server.port, "a"), await attach(server.port, "b")]
    expect(await faults("wrong", "a")).toMatchObject({ code: 2, stderr: expect.stringMatching(/wrong token/) })
    expect((await a.write(0, page(1))).error).toBe(0)
    expect(await faults("token", "b")).toMatchObject({ code: 2, stderr: expect.stringMatching(/allows no faults/) })
    expect((await faults("token", "a")).code).toBe(0)
    expect((await a.write(0, page(1))).error).toBe(28)
  })
})
