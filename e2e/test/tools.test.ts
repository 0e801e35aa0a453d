// Files that swaplab writes, in the hands of the programs that they are for: tshark, fio. Left out where these are not installed, which
// stands in the name of the test; with SWAPLAB_REQUIRE_PEERS=1 (.ci/run) that is a failure.
import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { execute, fileWith, scratch, shellCommand, swaplab } from "../src/command.ts"

const required = process.env["SWAPLAB_REQUIRE_PEERS"] === "1"

const there = (program: string): boolean => {
  try {
    execFileSync("sh", ["-c", `command -v ${program}`], { stdio: "ignore" })
    return true
  } catch {
    return false
  }
}

const withProgram = (program: string) => (title: string, test: () => Promise<void>): void => {
  const left = !required && !there(program)
  it.skipIf(left)(left ? `${title} (not installed: ${program})` : title, test)
}

const folder = scratch()
const file = fileWith(`name: small
seeds: 1
kernels: { patched: { allocator: slab, base: v3.6 } }
clients:
  - { name: client, ram: 8 MiB, cpus: 1, swap: 64 MiB, workload: { usemem: { processesPerCpu: 2, size: 1.5x RAM, passes: 2 } } }
`)

/** Runs a program that must succeed. */
const ok = async (program: string, ...args: ReadonlyArray<string>): Promise<string> => {
  const { code, stderr, stdout } = await execute(program, args, { cwd: folder })
  expect(code, `${program}: ${stderr}`).toBe(0)
  return stdout
}

/** Writes an export to a file of the folder. */
const exported = async (name: string, ...args: ReadonlyArray<string>): Promise<string> => {
  const path = join(folder, name)
  await ok("sh", "-c", `${shellCommand(["export", file, ...args])} > ${path}`)
  return path
}

withProgram("tshark")(
  "tshark finds NBD in the traffic of a cable, every checksum right and nothing malformed",
  async () => {
    const path = await exported("client.pcapng", "--as", "pcapng", "--link", "client-1/eth0", "--until", "60 ms")
    const again = await exported("again.pcapng", "--as", "pcapng", "--link", "client-1/eth0", "--until", "60 ms")
    expect(readFileSync(again).equals(readFileSync(path))).toBe(true)
    const checks = ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"]
    const shown = (filter: string, ...fields: ReadonlyArray<string>): Promise<string> =>
      ok("tshark", "-r", path, ...checks, "-Y", filter, "-T", "fields", ...fields.flatMap((field) => ["-e", field]))
    expect(await shown("tcp.checksum.status == 0 || ip.checksum.status == 0 || _ws.malformed", "frame.number")).toBe("")
    const magics = (await shown("nbd", "nbd.magic")).trim().split(/[\n,]/)
    expect(new Set(magics)).toEqual(new Set(["0x25609513", "0x67446698"]))
    expect(magics.length).toBeGreaterThan(20)
    const [first] = (await shown("nbd.magic == 0x25609513", "ip.src", "tcp.dstport", "nbd.type")).split("\n")
    expect(first).toBe("10.0.0.3\t10809\t1")
  }
)

withProgram("fio")("fio replays the swap of a client, and what fio records is replayed by a client", async () => {
  const iolog = await exported("swap.iolog", "--as", "iolog", "--link", "client-1/eth0", "--until", "60 ms")
  const text = readFileSync(iolog, "utf8")
  const requests = text.split("\n").filter((line) => / (read|write) /.test(line)).length
  expect(requests).toBeGreaterThan(20)
  const disk = join(folder, "disk")
  writeFileSync(iolog, text.replaceAll("/dev/nbd0", disk))
  const recorded = join(folder, "recorded.iolog")
  const job = ["--name=replay", `--read_iolog=${iolog}`, "--replay_no_stall=1", "--ioengine=psync", "--filesize=64m"]
  await ok("fio", "--name=make", `--filename=${disk}`, "--size=64m", "--rw=write", "--bs=1m", "--ioengine=psync")
  const output = await ok("fio", ...job, "--output-format=json")
  const [{ read, write }] = (JSON.parse(output) as {
    jobs: ReadonlyArray<Record<"read" | "write", { readonly total_ios: number }>>
  }).jobs
  expect(read.total_ios + write.total_ios).toBe(requests)
  await ok(
    "fio",
    "--name=record",
    `--filename=${disk}`,
    "--size=1m",
    "--rw=randrw",
    "--bs=4k",
    "--number_ios=32",
    "--ioengine=psync",
    `--write_iolog=${recorded}`
  )
  const scenario = join(folder, "recorded.yaml")
  expect((await swaplab(["import", recorded, "--out", scenario])).code).toBe(0)
  const { code, stdout } = await swaplab(["run", scenario, "--seed", "1"])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^ *series +requests +32 /m)
})

it("a config of nbd-server becomes one that our server accepts", async () => {
  const theirs = join(folder, "nbd-server.conf")
  writeFileSync(theirs, `[generic]\n[swap]\nexportname = ${folder}/%s\nfilesize = 67108864\n`)
  const ours = join(folder, "ours.yaml")
  expect((await swaplab(["import", theirs, "--as", "nbd-server", "--out", ours])).code).toBe(0)
  const main = new URL("../../apps/nbd-server/bin/swaplab-nbd-server.cjs", import.meta.url).pathname
  expect(await ok(process.execPath, main, "check", "--config", ours)).toMatch(/^valid; exports: 0, templates: 1$/m)
})
