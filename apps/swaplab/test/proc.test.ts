// /proc of an emulated client, as the command prints it; procps reads it where it is installed.
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { workspace } from "./workspace.ts"

const { said } = workspace()

const folder = mkdtempSync(join(tmpdir(), "swaplab-proc-"))
const file = join(folder, "small.yaml")
beforeAll(() =>
  writeFileSync(
    file,
    `name: small
seeds: 1
kernels: { patched: { allocator: slab, base: v3.6 }, bare: { allocator: slub, base: v3.5 } }
clients:
  - { name: client, count: 2, ram: 8 MiB, cpus: 1, swap: 64 MiB, workload: { usemem: { processesPerCpu: 2, size: 1x RAM, passes: 2 } } }
`
  )
)
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs a script that sees other mounts. */
const inNamespace = (script: string) => spawnSync("unshare", ["-m", "sh", "-c", script], { encoding: "utf8" })

const able = ["free", "vmstat", "slabtop", "top", "pgrep"].every((name) => existsSync(`/usr/bin/${name}`)) &&
  inNamespace("mount --bind /proc/meminfo /proc/vmstat").status === 0
const left = !able && process.env["SWAPLAB_REQUIRE_PEERS"] !== "1"

const leftNet = process.env["SWAPLAB_REQUIRE_PEERS"] !== "1" && !(
  ["/usr/sbin/sysctl", "/usr/bin/netstat", "/usr/bin/nstat"].every((name) => existsSync(name)) &&
  inNamespace(`mount --bind ${folder} /proc`).status === 0
)

const proc = (...args: ReadonlyArray<string>) => said(["proc", file, ...args])

describe("swaplab proc", () => {
  it("prints a file as it is at a time, and at another one it is another", async () => {
    const early = await proc("meminfo", "--at", "1ms")
    const late = await proc("meminfo", "--at", "20ms", "--client", "client-2")
    expect([early.code, early.stderr, late.code, late.stderr]).toEqual([0, "", 0, ""])
    const free = ({ stdout }: { readonly stdout: string }) => Number(/^MemFree: +(\d+) kB$/m.exec(stdout)?.[1])
    expect(free(early)).toBeGreaterThan(free(late))
    expect(early.stdout.split("\n")[0]).toMatch(/^MemTotal: {8,}\d+ kB$/)
  })

  it("writes all files to a directory; diskstats has eleven numbers for nbd0", async () => {
    const out = join(folder, "proc")
    const { code, stdout } = await proc("--at", "20ms", "--out", out)
    expect([code, stdout]).toEqual([0, ""])
    expect(readdirSync(out).filter((name) => !/^\d+$/.test(name) && !["net", "sys"].includes(name)).sort()).toEqual(
      [
        "buddyinfo",
        "cpuinfo",
        "diskstats",
        "loadavg",
        "meminfo",
        "slabinfo",
        "stat",
        "swaps",
        "uptime",
        "vmstat",
        "zoneinfo"
      ]
    )
    const fields = readFileSync(join(out, "diskstats"), "utf8").trim().split(/\s+/)
    expect(fields.slice(0, 3)).toEqual(["43", "0", "nbd0"])
    expect(fields).toHaveLength(14)
    const vmstat = readFileSync(join(out, "vmstat"), "utf8")
    // sectors written and pages swapped out: requests under way are not counted yet
    expect(Number(fields[9])).toBeGreaterThan(0)
    expect(Number(fields[9])).toBeLessThanOrEqual(8 * Number(/^pswpout (\d+)$/m.exec(vmstat)?.[1]))
  })

  it("has folders: of the network, of each task, and of sysctls", async () => {
    const out = join(folder, "tree")
    await proc("--at", "20ms", "--out", out)
    const read = (name: string) => readFileSync(join(out, name), "utf8")
    expect(readdirSync(join(out, "net")).sort()).toEqual(["dev", "netstat", "snmp", "sockstat"])
    const pids = readdirSync(out).filter((name) => /^\d+$/.test(name))
    const comms = pids.map((pid) => read(`${pid}/comm`).trim())
    expect(comms).toEqual(expect.arrayContaining(["kswapd0", "nbd0", "nbd-client", "usemem-1"]))
    for (const pid of pids) {
      expect(read(`${pid}/status`)).toMatch(new RegExp(`^Name:\t.*\nState:\t(.|\n)*^Pid:\t${pid}$`, "m"))
    }
    const stat = (pid: string) => read(`${pid}/stat`).trim().split(" ")
    for (const pid of pids) expect([stat(pid)[0], stat(pid).length]).toEqual([pid, 52])
    const usemem = pids[comms.indexOf("usemem-1")] ?? ""
    expect(stat(usemem)[1]).toBe("(usemem-1)")
    expect(read(`${usemem}/cmdline`)).toBe("usemem-1\0")
    const [size = "", resident = ""] = read(`${usemem}/statm`).split(" ")
    expect([stat(usemem)[22], stat(usemem)[23]]).toEqual([String(Number(size) * 4096), resident])
    expect(read("sys/vm/swappiness")).toBe("60\n")
    expect(read("sys/net/ipv4/tcp_sack")).toBe("1\n")
    expect((await proc("sys/vm/min_free_kbytes")).stdout.trim()).toBe(read("sys/vm/min_free_kbytes").trim())
  })

  it("counts of TCP: what was sent, acknowledged and sent again, as the counters of the run have it", async () => {
    const lost = ["--set", "lan.loss=2 %"]
    const row = (text: string, protocol: string) => {
      const [names = "", values = ""] = text.split("\n").filter((line) => line.startsWith(`${protocol}: `))
      return Object.fromEntries(names.split(" ").slice(1).map((name, i) => [name, Number(values.split(" ")[i + 1])]))
    }
    const tcp = row((await proc("net/snmp", ...lost)).stdout, "Tcp")
    const ext = row((await proc("net/netstat", ...lost)).stdout, "TcpExt")
    expect(tcp).toMatchObject({ CurrEstab: 1, AttemptFails: 0, EstabResets: 0, OutRsts: 0 })
    expect(tcp["InSegs"]).toBeGreaterThan(100)
    expect(tcp["OutSegs"]).toBeGreaterThan(100)
    expect(tcp["RetransSegs"]).toBeGreaterThan(0)
    const again = ["TCPFastRetrans", "TCPForwardRetrans", "TCPSlowStartRetrans"].map((name) => ext[name] ?? Number.NaN)
    expect(again.reduce((sum, n) => sum + n, 0)).toBeLessThanOrEqual(tcp["RetransSegs"] ?? 0)
    expect((ext["TCPSackRecovery"] ?? 0) + (ext["TCPTimeouts"] ?? 0)).toBeGreaterThan(0)
  })

  it.skipIf(leftNet)(
    `sysctl, netstat and nstat read the tree in place of /proc${
      leftNet ? " (not there: these, or the right to mount)" : ""
    }`,
    async () => {
      const out = join(folder, "in-place")
      await proc("--at", "20ms", "--out", out)
      const { status, stderr, stdout } = inNamespace(
        `mount --bind ${out} /proc && sysctl vm.swappiness vm.min_free_kbytes net.ipv4.tcp_sack && netstat -s && nstat -asz`
      )
      expect([status, stderr]).toEqual([0, ""])
      const read = (name: string) => readFileSync(join(out, name), "utf8").trim()
      expect(stdout).toContain(`vm.swappiness = 60\nvm.min_free_kbytes = ${read("sys/vm/min_free_kbytes")}\n`)
      const [, values = ""] = read("net/snmp").split("\n").filter((line) => line.startsWith("Tcp: "))
      const [, , , , , , , , , established, received, sent] = values.split(" ")
      expect(stdout).toMatch(new RegExp(`^ +${established} connections established$`, "m"))
      expect(stdout).toMatch(new RegExp(`^ +${received} segments received$`, "m"))
      expect(stdout).toMatch(new RegExp(`^TcpOutSegs +${sent} `, "m"))
      expect(stdout).toMatch(/^TcpExtTCPTimeouts +\d+ /m)
    }
  )

  it.skipIf(left)(`vmstat, top and pgrep read the tree in place of /proc${left ? " (not there)" : ""}`, async () => {
    const out = join(folder, "for-top")
    await proc("--at", "50ms", "--out", out)
    const pids = readdirSync(out).filter((name) => /^\d+$/.test(name))
    const { stderr, stdout } = inNamespace(
      `ln -s ${pids[0]} ${out}/self && mount --bind ${out} /proc && vmstat && top -b -n1 && pgrep -l usemem`
    )
    expect(stderr).toBe("")
    const read = (name: string) => readFileSync(join(out, name), "utf8")
    const [, , counts = ""] = stdout.split("\n")
    const figures = counts.trim().split(/\s+/).map(Number)
    const stat = (name: string) => Number(new RegExp(`^${name} (\\d+)`, "m").exec(read("stat"))?.[1])
    expect([figures[0], figures[1]]).toEqual([stat("procs_running"), stat("procs_blocked")])
    expect(figures[3]).toBe(Number(/^MemFree: +(\d+)/m.exec(read("meminfo"))?.[1]))
    expect(stdout).toMatch(new RegExp(`^Tasks: +${pids.length} total`, "m"))
    for (const pid of pids) {
      expect(stdout).toMatch(new RegExp(`^ *${pid} .* ${read(`${pid}/comm`).trim().slice(0, 8)}`, "m"))
    }
    const [usemem = ""] = pids.filter((pid) => read(`${pid}/comm`) === "usemem-1\n")
    expect(stdout).toContain(`${usemem} usemem-1\n`)
  })

  it("counts what the card carries and how its CPUs spend their time", async () => {
    const dev = (await proc("net/dev", "--at", "50ms")).stdout.split("\n")[2]?.trim().split(/\s+/) ?? []
    const [name, rxBytes, rxFrames, , , , , , , txBytes, txFrames] = dev
    expect([name, dev.length]).toEqual(["eth0:", 17])
    expect(Number(txFrames)).toBeGreaterThan(100)
    // pages go out: full frames one way, acknowledgements and replies the other
    expect(Number(txBytes) / Number(txFrames)).toBeGreaterThan(500)
    expect(Number(rxBytes) / Number(rxFrames)).toBeLessThan(500)
    const { stdout } = await proc("stat", "--at", "50ms")
    const cpu = (line: string) => (new RegExp(`^${line} +(.*)$`, "m").exec(stdout)?.[1] ?? "").split(" ").map(Number)
    expect(cpu("cpu")).toHaveLength(10)
    expect(cpu("cpu")).toEqual(cpu("cpu0"))
    const spent = cpu("cpu").reduce((sum, n) => sum + n, 0)
    expect(spent).toBeGreaterThanOrEqual(3)
    expect(spent).toBeLessThanOrEqual(5)
    expect((await proc("uptime", "--at", "50ms")).stdout).toMatch(/^0\.05 0\.0\d$/m)
    expect((await proc("loadavg", "--at", "50ms")).stdout).toMatch(/^0\.00 0\.00 0\.00 \d+\/\d+ \d+$/m)
  })

  it.skipIf(left)(
    `procps reads it${left ? " (not there: free, vmstat and slabtop, or the right to mount)" : ""}`,
    async () => {
      const out = join(folder, "for-procps")
      await proc("--at", "20ms", "--out", out)
      const over = ["meminfo", "vmstat", "slabinfo"].map((name) => `mount --bind ${out}/${name} /proc/${name}`)
      const tools = "free -k && vmstat -s && slabtop -o -s l"
      const { status, stdout } = inNamespace([...over, tools].join(" && "))
      expect(status).toBe(0)
      const meminfo = readFileSync(join(out, "meminfo"), "utf8")
      const kib = (name: string) => Number(new RegExp(`^${name}: +(\\d+)`, "m").exec(meminfo)?.[1])
      const vmstat = readFileSync(join(out, "vmstat"), "utf8")
      const row = /^Mem: +(\d+) +\d+ +(\d+)/m.exec(stdout)
      expect([Number(row?.[1]), Number(row?.[2])]).toEqual([kib("MemTotal"), kib("MemFree")])
      expect(/(\d+) pages swapped out/.exec(stdout)?.[1]).toBe(/^pswpout (\d+)$/m.exec(vmstat)?.[1])
      expect(stdout).toMatch(/\d+%.* kmalloc-|\d+%.* size-\d+/)
    }
  )

  it.each([
    [["meminfo", "--client", "nobody"], "proc: --client nobody: expected client-1 or client-2"],
    [["meminfo", "--kernel", "none"], "proc: --kernel none: expected patched or bare"],
    [["meminfo", "--at", "soon"], "proc: --at: got soon, expected a time such as 10 ms"],
    [[], "proc: expected the name of a file of /proc, or --out DIR for all of them"]
  ])("%j is a mistake", async (args, message) => {
    const { code, stderr, stdout } = await proc(...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
    expect(stderr).toContain(message)
  })

  it("prints the report of an allocation failure, sockets, and where a task sleeps", async () => {
    const { stdout: report } = await proc("Mem-Info", "--at", "20ms")
    expect(report).toMatch(/^Mem-Info:$/m)
    expect(report).toMatch(
      /^Node 0 DMA free:\d+kB min:\d+kB low:\d+kB high:\d+kB active_anon:\d+kB .* present:\d+kB mlocked:/m
    )
    expect(report).toMatch(/^lowmem_reserve\[\]: 0 0 0 0$/m)
    expect(report).toMatch(/^Node 0 DMA: \d+\*4kB .*\d+\*4096kB = \d+kB$/m)
    expect((await proc("net/sockstat", "--at", "20ms")).stdout).toMatch(/^TCP: inuse 1 orphan 0 tw 0 alloc 1 mem \d+$/m)
    expect((await proc("net/snmp", "--at", "20ms")).stdout).toMatch(/^Tcp: 1 200 120000 -1( \d+){10}$/m)
    const { code, stderr } = await proc("1/stack", "--at", "20ms")
    expect(code).toBe(2)
    const [, nbd] = /(\d+) \(nbd0\)/.exec(stderr) ?? []
    expect((await proc(`${nbd}/status`, "--at", "20ms")).stdout).toMatch(/^Name:\tnbd0\nState:\t[RSD] \(/)
    expect((await proc(`${nbd}/stack`, "--at", "20ms")).stdout).toMatch(/^\[<[0f]{16}>\] \w+/)
  })

  it("has the memory nodes of a client that has some", async () => {
    const nodes = [
      "--at",
      "20ms",
      "--set",
      "clients.0.ram=48 MiB",
      "--set",
      "clients.0.cpus=2",
      "--set",
      "clients.0.numa={ split: [32 MiB, 16 MiB] }"
    ]
    expect((await proc("node1/meminfo", ...nodes)).stdout).toMatch(/^Node 1 MemTotal: +\d+ kB$/m)
    expect((await proc("zoneinfo", ...nodes)).stdout).toMatch(
      /^Node 1, zone {4}DMA32\n[\s\S]*\n {4}numa_local +[1-9]\d*\n/m
    )
    expect((await proc("buddyinfo", ...nodes)).stdout).toMatch(/^Node 1, zone {4}DMA32( +\d+){11}/m)
    expect((await proc("vmstat", ...nodes)).stdout).toMatch(
      /^numa_hit [1-9]\d*\nnuma_miss \d+\n[\s\S]*^zone_reclaim_failed 0$/m
    )
    const out = join(folder, "nodes")
    await proc(...nodes, "--out", out)
    expect(readdirSync(out).filter((name) => name.startsWith("node"))).toHaveLength(10)
    expect(readFileSync(join(out, "node1-cpulist"), "utf8")).toBe("1\n")
    expect((await proc("node1/meminfo")).stderr).toContain("proc: node1/meminfo: expected meminfo, vmstat,")
  })

  it("says that a run was over before the time that was asked for", async () => {
    const { code, stderr } = await proc("swaps", "--at", "100s")
    expect(code).toBe(0)
    expect(stderr).toMatch(/^swaplab: the run was over at \d\.\d{3} s: this is how it ended$/m)
  })
})
