// Real clients of Debian: libnbd-bin, qemu-utils, fio, nbd-client, nbd-server (nbd-trdump), tshark, openssl.
import { randomBytes } from "node:crypto"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { attach } from "../src/client.ts"
import { execute, has, type RunningServer, scratch, startServer, stopAll } from "../src/server.ts"

const required = process.env["SWAPLAB_REQUIRE_PEERS"] === "1"
/** Tests of a program that is not there are left out, unless the programs are required. */
const withProgram = (program: string) => it.skipIf(!required && !has(program))

const folder = scratch()
let server: RunningServer
const uri = (name: string): string => `nbd://127.0.0.1:${server.port}/${name}`
const ok = async (program: string, ...args: ReadonlyArray<string>): Promise<string> => {
  const { code, output } = await execute(program, args)
  expect(`${code} ${output}`).toMatch(/^0 /)
  return output
}

beforeAll(async () => {
  server = await startServer(`
exports:
  disk: { memory: 64 MiB, description: scratch }
  file: { file: ${folder}/disk.img, size: 64 MiB }
  root: { file: ${folder}/disk.img, readOnly: true }
swap:
  swap-*: { size: 64 MiB, keep: true }
  fswap-*: { size: 64 MiB, store: file, directory: ${folder}, keep: true }
record: { transactions: ${folder}/log.tr, pcapng: ${folder}/log.pcapng }
`)
})
afterAll(stopAll)

describe.each(["disk", "file", "swap-a", "fswap-a"])("export %s", (name) => {
  withProgram("nbdinfo")("nbdinfo understands it", async () => {
    const info = JSON.parse(await ok("nbdinfo", "--json", uri(name))) as {
      exports: ReadonlyArray<Record<string, unknown>>
    }
    expect(info.exports[0]).toMatchObject({
      "export-name": name,
      "export-size": 67108864,
      contexts: ["base:allocation"],
      can_flush: true,
      can_fua: true,
      can_multi_conn: true,
      can_df: true,
      can_zero: true,
      can_trim: !name.startsWith("f"),
      can_fast_zero: !name.startsWith("f"),
      block_size_maximum: 33554432
    })
    if (name.includes("swap")) expect(info.exports[0]["content"]).toMatch(/Linux swap file, 4k page size.*16383 pages/)
  })

  withProgram("nbdcopy")("nbdcopy brings 20 MB there and back over four connections", async () => {
    const [there, back] = [join(folder, `${name}.in`), join(folder, `${name}.out`)]
    writeFileSync(there, Buffer.concat([randomBytes(20_000_003), Buffer.alloc(67108864 - 20_000_003)]))
    await ok("nbdcopy", "--flush", "--connections=4", "--requests=64", there, uri(name))
    await ok("nbdcopy", uri(name), back)
    expect(readFileSync(back).equals(readFileSync(there))).toBe(true)
  })

  withProgram("qemu-io")("qemu-io finds its patterns, with FUA, zeroes and discard", async () => {
    const output = await ok(
      "qemu-io",
      "-f",
      "raw",
      "-c",
      "aio_write -P 1 0 1M",
      "-c",
      "aio_flush",
      "-c",
      "read -P 1 0 1M",
      "-c",
      "write -f -P 2 4096 8192",
      "-c",
      "read -P 2 4096 8192",
      "-c",
      "write -z 0 512k",
      "-c",
      "discard 0 64k",
      "-c",
      "read -P 0 0 512k",
      uri(name)
    )
    expect(output).not.toMatch(/fail|error|mismatch/i)
  })

  withProgram("qemu-img")("qemu-img compares it with a copy", async () => {
    const copy = join(folder, `${name}.raw`)
    await ok("qemu-img", "convert", "-f", "raw", "-O", "raw", uri(name), copy)
    expect(await ok("qemu-img", "compare", "-f", "raw", "-F", "raw", uri(name), copy)).toContain("identical")
    await ok("qemu-img", "bench", "-f", "raw", "-c", "200", "-d", "16", "-s", "4096", uri(name))
  })

  withProgram("fio")("fio verifies what it wrote", async () => {
    const output = await ok(
      "fio",
      "--name=v",
      "--ioengine=nbd",
      `--uri=${uri(name)}`,
      "--rw=randwrite",
      "--bs=4k",
      "--iodepth=32",
      "--size=16m",
      "--verify=crc32c",
      `--aux-path=${folder}`
    )
    expect(output).toMatch(/err= 0/)
  })
})

withProgram("nbdinfo")("nbdinfo lists the static exports and maps holes", async () => {
  const list = await ok("nbdinfo", "--list", uri(""))
  expect([...list.matchAll(/export="(\w*)"/g)].map(([, name]) => name)).toEqual(["disk", "file", "root"])
  expect((await ok("nbdinfo", "--map", uri("swap-map"))).trim().split(/\s+/)).toEqual(
    ["0", "32768", "0", "data", "32768", "67076096", "3", "hole,zero"]
  )
})

withProgram("qemu-io")("a read-only export cannot be written", async () => {
  const { output } = await execute("qemu-io", ["-f", "raw", "-c", "write 0 4k", uri("root")])
  expect(output).toMatch(/read-only|Permission|not permitted/i)
})

withProgram("nbd-client")("nbd-client lists, and gets through its handshake up to the kernel", async () => {
  const path = has("nbd-client") ? "nbd-client" : ""
  expect(await ok(path, "-l", "127.0.0.1", String(server.port))).toContain("disk")
  const fake = join(folder, "fake")
  await ok("mknod", fake, "c", "1", "3")
  const { output } = await execute(path, ["-N", "swap-n", "127.0.0.1", String(server.port), fake, "-swap", "-L"])
  expect(output).toMatch(/size = 64MB/)
})

withProgram("nbd-trdump")("nbd-trdump reads the transaction log, tshark the traffic", async () => {
  const client = await attach(server.port, "swap-log")
  expect((await client.write(8192, Buffer.alloc(4096, 5))).error).toBe(0)
  expect((await client.flush()).error).toBe(0)
  await client.disconnect()
  await server.event("detached", (event) => event["export"] === "swap-log")
  await server.until(() => readFileSync(join(folder, "log.tr")).length > 0 || undefined)
  const log = readFileSync(join(folder, "log.tr"))
  const { code, output } = await execute("sh", ["-c", `tail -c 88 ${folder}/log.tr | nbd-trdump`])
  expect(log.length % 4).toBe(0)
  expect(code).toBe(0)
  expect(output).toMatch(/NBD_CMD_WRITE[\s\S]*NBD_CMD_FLUSH/)
  if (!has("tshark")) return
  const packets = await ok(
    "tshark",
    "-r",
    `${folder}/log.pcapng`,
    "-Y",
    "tcp.port == 10809",
    "-T",
    "fields",
    "-e",
    "tcp.len"
  )
  expect(packets.split("\n").length).toBeGreaterThan(10)
})

describe("TLS", () => {
  let secure: RunningServer
  const certificates = join(folder, "pki")
  beforeAll(async () => {
    if (!has("openssl")) return
    await ok("mkdir", "-p", certificates)
    await ok(
      "openssl",
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "2",
      "-subj",
      "/CN=localhost",
      "-addext",
      "subjectAltName=DNS:localhost,IP:127.0.0.1",
      "-keyout",
      `${certificates}/server-key.pem`,
      "-out",
      `${certificates}/server-cert.pem`
    )
    await ok("cp", `${certificates}/server-cert.pem`, `${certificates}/ca-cert.pem`)
    writeFileSync(
      join(certificates, "keys.psk"),
      "alice:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n"
    )
    secure = await startServer(`
exports: { disk: { memory: 8 MiB } }
tls: { mode: required, certificate: ${certificates}/server-cert.pem, key: ${certificates}/server-key.pem, pskFile: ${certificates}/keys.psk }
`)
  })

  const both = it.skipIf(!required && !(has("nbdinfo") && has("openssl")))
  both("nbdinfo goes through STARTTLS with a certificate", async () => {
    const output = await ok(
      "nbdinfo",
      `nbds://127.0.0.1:${secure.port}/disk?tls-certificates=${certificates}`
    )
    expect(output).toMatch(/protocol: newstyle-fixed with TLS/)
  })
  both("and with a pre-shared key", async () => {
    const output = await ok(
      "nbdinfo",
      `nbds://alice@127.0.0.1:${secure.port}/disk?tls-psk-file=${certificates}/keys.psk`
    )
    expect(output).toMatch(/protocol: newstyle-fixed with TLS/)
  })
  both("data goes through, and a client without TLS gets nothing", async () => {
    const there = join(folder, "tls.in")
    writeFileSync(there, randomBytes(8 * 2 ** 20))
    const to = `nbds://127.0.0.1:${secure.port}/disk?tls-certificates=${certificates}`
    await ok("nbdcopy", there, to)
    await ok("nbdcopy", to, join(folder, "tls.out"))
    expect(readFileSync(join(folder, "tls.out")).equals(readFileSync(there))).toBe(true)
    await expect(attach(secure.port, "disk")).rejects.toThrow("80000005")
  })
})
