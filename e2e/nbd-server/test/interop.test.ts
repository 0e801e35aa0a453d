// Real clients of Debian as their users run them: libnbd-bin, qemu-utils, fio, nbd-client, nbd-server (nbd-trdump), tshark.
// source: nbd.md 2.5
import { randomBytes } from "node:crypto"
import { readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { attach } from "../src/client.ts"
import { ok, withPrograms } from "../src/peers.ts"
import { execute, has, type RunningServer, scratch, startServer, stopAll } from "../src/server.ts"

const folder = scratch()
let server: RunningServer
const uri = (name: string): string => `nbd://127.0.0.1:${server.port}/${name}`

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
  withPrograms("nbdinfo")("nbdinfo understands it", async () => {
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
      can_trim: true,
      can_fast_zero: true,
      block_size_maximum: 33554432
    })
    if (name.includes("swap")) expect(info.exports[0]["content"]).toMatch(/Linux swap file, 4k page size.*16383 pages/)
  })

  withPrograms("nbdcopy")("nbdcopy brings 20 MB there and back over four connections", async () => {
    const [there, back] = [join(folder, `${name}.in`), join(folder, `${name}.out`)]
    writeFileSync(there, Buffer.concat([randomBytes(20_000_003), Buffer.alloc(67108864 - 20_000_003)]))
    await ok("nbdcopy", "--flush", "--connections=4", "--requests=64", there, uri(name))
    await ok("nbdcopy", uri(name), back)
    expect(readFileSync(back).equals(readFileSync(there))).toBe(true)
  })

  withPrograms("qemu-io")("qemu-io finds its patterns, with FUA, zeroes and discard", async () => {
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

  withPrograms("qemu-img")("qemu-img compares it with a copy", async () => {
    const copy = join(folder, `${name}.raw`)
    await ok("qemu-img", "convert", "-f", "raw", "-O", "raw", uri(name), copy)
    expect(await ok("qemu-img", "compare", "-f", "raw", "-F", "raw", uri(name), copy)).toContain("identical")
    await ok("qemu-img", "bench", "-f", "raw", "-c", "200", "-d", "16", "-s", "4096", uri(name))
    await ok(
      ...["qemu-img", "bench", "-f", "raw", "-w", "-c", "200", "-d", "16"] as const,
      "--flush-interval=32",
      uri(name)
    )
  })

  withPrograms("qemu-io", "qemu-img")("qemu-img maps what was written and what was zeroed", async () => {
    await ok("qemu-io", "-f", "raw", "-c", "write -z -u 8M 1M", "-c", "write -P 3 9M 64k", "-c", "flush", uri(name))
    const map = JSON.parse(await ok("qemu-img", "map", "--output=json", "-f", "raw", uri(name))) as ReadonlyArray<
      { readonly start: number; readonly length: number; readonly data: boolean; readonly zero: boolean }
    >
    let end = 0
    for (const { length, start } of map) {
      expect(start).toBe(end)
      end += length
    }
    expect(end).toBe(64 << 20)
    const at = (offset: number) => map.find(({ length, start }) => offset >= start && offset < start + length)
    expect(at(9 << 20)).toMatchObject({ data: true, zero: false })
    // files cannot be punched here: what was zeroed is data and no hole, which is always allowed
    if (!name.startsWith("f")) expect(at(8 << 20)).toMatchObject({ data: false, zero: true })
  })

  withPrograms("fio")("fio verifies what it wrote", async () => {
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

withPrograms("nbdinfo")("nbdinfo lists the exports and maps holes", async () => {
  // of a template a client sees the stores that it has
  const list = await ok("nbdinfo", "--list", uri(""))
  expect([...list.matchAll(/export="(.*)"/g)].map(([, name]) => name)).toEqual([
    "disk",
    "file",
    "root",
    "swap-a",
    "fswap-a"
  ])
  expect((await ok("nbdinfo", "--map", uri("swap-map"))).trim().split(/\s+/)).toEqual(
    ["0", "32768", "0", "data", "32768", "67076096", "3", "hole,zero"]
  )
})

withPrograms("nbdinfo")("nbdinfo asks for single abilities", async () => {
  // exit code 0: yes, 2: no
  const asked = await Promise.all([
    ["--can", "flush", "disk"],
    ["--can", "write", "disk"],
    ["--can", "write", "root"],
    ["--is", "read-only", "root"],
    ["--is", "rotational", "disk"],
    ["--can", "structured-reply", "disk"]
  ].map(async ([how, what, name]) => (await execute("nbdinfo", [how, what, uri(name)])).code))
  expect(asked).toEqual([0, 0, 2, 0, 2, 0])
  expect((await ok("nbdinfo", "--size", uri("disk"))).trim()).toBe("67108864")
})

withPrograms("nbdcopy")("nbdcopy goes from export to export", async () => {
  const client = await attach(server.port, "disk")
  const data = randomBytes(1 << 20)
  expect((await client.write(5 << 20, data)).error).toBe(0)
  await ok("nbdcopy", "--flush", uri("disk"), uri("file"))
  const copy = await attach(server.port, "file")
  expect((await copy.read(5 << 20, 1 << 20)).data.equals(data)).toBe(true)
  await Promise.all([client.disconnect(), copy.disconnect()])
})

withPrograms("qemu-nbd")("qemu-nbd -L lists the exports with their flags", async () => {
  const list = await ok("qemu-nbd", "-L", "-b", "127.0.0.1", "-p", String(server.port))
  expect(list).toMatch(/exports available: 6\n export: 'disk'\n  description: scratch\n  size:  67108864\n/)
  expect([...list.matchAll(/flags: (0x\w+) \(/g)].map(([, flags]) => flags)).toEqual([
    "0xded",
    "0x9ed",
    "0x9cf",
    "0xded",
    "0xded",
    "0x9ed"
  ])
  expect(list.match(/available meta contexts: 1\n   base:allocation/g)).toHaveLength(6)
})

/** qemu asks for extended headers from 8.2 on. */
const extendedQemu = async (): Promise<string> => {
  const [, major, minor] = /version (\d+)\.(\d+)/.exec((await execute("qemu-io", ["--version"])).output) ??
    ["", "0", "0"]
  return Number(major) * 100 + Number(minor) >= 802 ? "" : ` (qemu ${major}.${minor} has none)`
}
const why = has("qemu-io") ? await extendedQemu() : " (not installed: qemu-io)"
it.skipIf(why !== "")(`qemu-io and qemu-img use extended headers${why}`, async () => {
  const headers = () => {
    const traffic = readFileSync(join(folder, "log.pcapng"))
    return ["21e41c71", "6e8a278c"].map((magic) => traffic.includes(Buffer.from(magic, "hex")))
  }
  for (const name of ["disk", "file"]) {
    const commands = [
      "write -P 7 1M 1M",
      "write -f -P 8 4k 8k",
      "read -P 8 4k 8k",
      "write -z -u 1M 512k",
      "discard 0 4k"
    ]
    commands.push("flush", "read -P 0 1M 512k", "read -P 7 1536k 512k")
    const output = await ok("qemu-io", "-f", "raw", ...commands.flatMap((command) => ["-c", command]), uri(name))
    expect(output).not.toMatch(/fail|error|mismatch/i)
    expect(await ok("qemu-img", "map", "--output=json", "-f", "raw", uri(name))).toContain("\"data\": true")
  }
  await server.until(() => headers().every((found) => found) || undefined)
})

withPrograms("qemu-io")("a read-only export cannot be written", async () => {
  const { output } = await execute("qemu-io", ["-f", "raw", "-c", "write 0 4k", uri("root")])
  expect(output).toMatch(/read-only|Permission|not permitted/i)
})

withPrograms("nbd-client")("nbd-client lists, and gets through its handshake up to the kernel", async () => {
  const port = String(server.port)
  expect(await ok("nbd-client", "-l", "127.0.0.1", port)).toMatch(
    /disk: scratch\nfile\nroot\nswap-a: swap of 64 MiB, for any name that begins with swap-\nswap-map: [^\n]+\nfswap-a/
  )
  // a device that is none: everything is done but the ioctl
  const fake = join(folder, "fake")
  symlinkSync("/dev/null", fake)
  const { output } = await execute("nbd-client", ["-N", "swap-n", "127.0.0.1", port, fake, "-swap", "-L"])
  expect(output).toMatch(/size = 64MB/)
  expect(output).toMatch(/Ioctl\/1\.1a failed/)
  const refused = await execute("nbd-client", ["-N", "nowhere", "127.0.0.1", port, fake, "-swap", "-L"])
  expect([refused.code, refused.output]).toEqual([
    1,
    expect.stringContaining(
      "Server said: there is no export \"nowhere\", there are \"disk\", \"file\", \"root\", \"swap-*\", \"fswap-*\""
    )
  ])
})

withPrograms("nbd-trdump", "tshark")("nbd-trdump reads the transaction log, tshark the traffic", async () => {
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
