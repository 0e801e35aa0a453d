// Files that people have, as scenarios: each of them is one that runs, and what was not understood is said.
import { clientsOf, decodeScenario, runCluster } from "@swaplab/cluster"
import { besideOf, formsInWords, type Imported, importScenario, importServerConfig } from "@swaplab/experiment"
import { PcapngWriter, tcpFrame, writeIolog } from "@swaplab/formats"
import { Either } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"

const file = (name: string, text: string | Uint8Array) => ({
  name,
  bytes: typeof text === "string" ? new TextEncoder().encode(text) : text
})

const importedFrom = (...files: ReadonlyArray<ReturnType<typeof file>>): Imported => {
  const made = importScenario(files)
  if ("text" in made) throw new Error(`${made.file}: ${made.text}`)
  return made
}

const scenarioOf = (made: Imported) => Either.getOrThrow(decodeScenario("imported", made.data)).scenario

/** A machine of 2 GiB with 3.1, reduced to what is read. */
const DUMP = `[128413.783954] worker: page allocation failure: order:0, mode:0x20
[128413.784001] Pid: 1132, comm: worker Tainted: P   3.1.1-2.fc16.x86_64 #1
[128413.784001] Mem-Info:
[128413.784001] Node 0 DMA per-cpu:
[128413.784001] CPU    0: hi:    0, btch:   1 usd:   0
[128413.784001] CPU    1: hi:    0, btch:   1 usd:   0
[128413.784001] Node 0 DMA32 per-cpu:
[128413.784001] CPU    0: hi:  186, btch:  31 usd: 185
[128413.784001] CPU    1: hi:  186, btch:  31 usd: 173
[128413.784001] Node 0 DMA free:32kB min:32kB low:40kB high:48kB active_anon:1kB present:12084kB mlocked:0kB
[128413.784001] lowmem_reserve[]: 0 1852 1852 1852
[128413.784001] Node 0 DMA32 free:744kB min:5488kB low:6860kB high:8232kB active_anon:7kB present:1897036kB
[128413.784001] lowmem_reserve[]: 0 0 0 0
[128413.784001] Total swap = 2097148kB
`

describe("the memory of a machine", () => {
  it("is that of the client, to the page", () => {
    const made = importedFrom(file("dmesg", DUMP))
    const scenario = scenarioOf(made)
    expect(made.unread).toEqual([])
    expect(scenario.clients[0]).toMatchObject({
      cpus: 2,
      minFree: "auto",
      zones: { dma: 3021, dma32: 474_259, normal: 0 },
      swap: 2 * 2 ** 30
    })
    const rows = besideOf(made.facts!, scenario)
    expect(rows).toHaveLength(14)
    expect(rows.filter(({ ours, theirs }) => ours !== theirs)).toEqual([])
  })

  it("has the reserve that its administrator has set", () => {
    const raised = DUMP.replace("min:32kB low:40kB high:48kB", "min:100kB low:124kB high:148kB")
      .replace("min:5488kB low:6860kB high:8232kB", "min:16280kB low:20348kB high:24420kB")
    const made = importedFrom(file("dmesg", raised))
    expect(scenarioOf(made).clients[0].minFree).toBe(16_384 * 1024)
    expect(besideOf(made.facts!, scenarioOf(made)).filter(({ ours, theirs }) => ours !== theirs)).toEqual([])
  })

  it("says what a client cannot have: other nodes, other zones, a second report", () => {
    const odd = DUMP.replace("Node 0 DMA32 free", "HighMem free").replace("Node 0 DMA free", "Node 1 DMA free") + DUMP
    const made = importScenario([file("dmesg", odd)])
    if ("text" in made) throw new Error(made.text)
    expect(made.unread.map(({ line, why }) => [line, why])).toEqual([
      [10, "node 1: a client has one node"],
      [12, "zone HighMem: clients are x86_64 and have no such zone"],
      [17, "another report begins: the first one is read"],
      [1, "the report has no zone that could be read"]
    ])
  })

  it("comes out of /proc, with the card of lspci", () => {
    const zoneinfo = `Node 0, zone      DMA
  pages free     3900
        min      21
        low      26
        high     31
        scanned  0
        spanned  4080
        present  3920
    nr_free_pages 3900
        protection: (0, 480, 480, 480)
  pagesets
    cpu: 0
              count: 0
              high:  0
              batch: 1
  vm stats threshold: 2
`
    const made = importedFrom(
      file("zoneinfo", zoneinfo),
      file("meminfo", "MemTotal:  506000 kB\nSwapTotal:  1000 kB\nHugePages_Total:   0\n"),
      file(
        "slabinfo",
        "slabinfo - version: 2.1\n# name\nkmalloc-64  10 64 64 64 1 : tunables 0 0 0 : slabdata 1 1 0\nodd\n"
      ),
      file("lspci", "02:00.0 Ethernet controller: Realtek RTL8111/8168B PCI Express Gigabit (rev 03)\n")
    )
    expect(scenarioOf(made).clients[0]).toMatchObject({ nic: { driver: "r8169" }, cpus: 1, swap: 1004 * 1024 })
    expect(scenarioOf(made).kernels["vanilla"]).toMatchObject({ allocator: "slub" })
    expect(made.unread).toMatchObject([{ file: "slabinfo", line: 4, why: "expected a cache of /proc/slabinfo" }])
    expect(besideOf(made.facts!, scenarioOf(made)).filter(({ of }) => of === "kmalloc-64")).toEqual([
      { of: "kmalloc-64", figure: "object bytes", theirs: 64, ours: 64 },
      { of: "kmalloc-64", figure: "objects a slab", theirs: 64, ours: 64 },
      { of: "kmalloc-64", figure: "pages a slab", theirs: 1, ours: 1 }
    ])
  })
})

describe("a room", () => {
  it("has the clients and the swap that its files say", () => {
    const made = importedFrom(
      file(
        "lts.conf",
        "[default]\nNBD_SWAP=True\nXKBLAYOUT=de\nENCRYPT_SWAP=False\n[00:11:22:33:44:55]\nENCRYPT_SWAP=y\n"
      ),
      file("nbdswapd.conf", "SIZE=128\nSWAPDIR=/tmp/nbd-swap\n"),
      file("nbd-server.conf", "[generic]\nport=10809\nmax_threads=4\n[swap]\nexportname=/tmp/%s\nprerun=nbdswapd %s\n"),
      file("hosts", "dhcp-host=00:11:22:33:44:66,ltsp101,192.168.67.101,infinite\n00:11:22:33:44:77,ltsp102\n")
    )
    const scenario = scenarioOf(made)
    expect(scenario.clients).toMatchObject([
      { name: "client", count: 2, swap: 128 * 2 ** 20, encryptSwap: false },
      { name: "own1", count: 1, swap: 128 * 2 ** 20, encryptSwap: true }
    ])
    expect(scenario.server).toMatchObject({ threads: 4, swapFiles: "fresh" })
    expect(made.unread.map(({ file: from, line }) => `${from}:${line}`)).toEqual([
      "lts.conf:3",
      "nbdswapd.conf:2",
      "nbd-server.conf:2"
    ])
    expect(made.assumed.map(({ of }) => of)).toContain("ram")
    expect(clientsOf(scenario, "series")).toHaveLength(3)
  })

  it("a config of nbd-server becomes one of ours", () => {
    const made = importServerConfig([file(
      "config",
      "[generic]\nuser = nbd\nlistenaddr = 192.168.67.1\n[swap]\nexportname = /var/swap/%s\nfilesize = 134217728\n"
        + "authfile = /etc/allow\n[root]\nexportname = /srv/i386.img\nreadonly = true\n"
    )])
    if ("text" in made) throw new Error(made.text)
    expect(made.data).toEqual({
      listen: ["192.168.67.1:10809"],
      exports: { root: { file: "/srv/i386.img", readOnly: true } },
      swap: { swap: { size: "128 MiB", store: "file", directory: "/var/swap", per: "address" } }
    })
    expect(made.unread.map(({ line }) => line)).toEqual([2, 7])
  })
})

describe("a trace", () => {
  const iolog = writeIolog([
    { atNs: 0, write: true, offset: 4096, length: 126_976 },
    { atNs: 1e6, write: false, offset: 8192, length: 4096 },
    { atNs: 2e6, write: true, offset: 8_388_608 + 512, length: 1024 }
  ])

  it("is replayed: every request is made, at its time, and reads find what was written", () => {
    const made = importedFrom(file("iolog", iolog))
    expect(made.assumed.map(({ text }) => text)).toContain("1 requests are not whole pages: they are made so, outwards")
    const result = runCluster(scenarioOf(made), "series", 1)
    expect(result.clients[0].outcome).toBe("completed")
    expect(result.clients[0].workload).toMatchObject({ done: 3, failed: 0, figures: { lost: 0 } })
    expect(result.servers[0].requests).toBe(3)
    expect(result.laws.filter(({ holds }) => !holds)).toEqual([])
    expect(result.elapsedNs).toBeGreaterThanOrEqual(2e6)
  })

  it("of a capture is replayed client by client", () => {
    const writer = new PcapngWriter("eth0")
    const server = { mac: [2, 0, 0, 0, 0, 1], ip: [10, 0, 0, 1], port: 10_809 }
    for (const [i, host] of [2, 3, 2].entries()) {
      const payload = new Uint8Array(28)
      const view = new DataView(payload.buffer)
      view.setUint32(0, 0x25609513)
      view.setUint32(20, 4096 * (i + 1))
      view.setUint32(24, 4096)
      const tcp = { seq: 1 + (i === 2 ? 28 : 0), ack: 1, flags: 0x18, window: 500, options: new Uint8Array(0) }
      writer.packet(
        i * 1e6,
        tcpFrame({ mac: [2, 0, 0, 0, 0, host], ip: [10, 0, 0, host], port: 4000 }, server, i, 0, tcp, payload)
      )
    }
    const scenario = scenarioOf(importedFrom(file("x.pcapng", writer.bytes())))
    expect(scenario.clients.map(({ name, workload }) => [name, Object.values(workload)[0]])).toMatchObject([
      ["client1", { requests: "0.000000000 R 1\n0.002000000 R 3\n" }],
      ["client2", { requests: "0.001000000 R 2\n" }]
    ])
  })

  it("without a request is a mistake", () => {
    expect(importScenario([file("empty", "fio version 3 iolog\n")])).toEqual({
      file: "empty",
      text: "has no request that can be replayed"
    })
  })
})

it("any bytes are of some form or of none, and what comes of them is a scenario or a reason", () => {
  const piece = fc.constantFrom(
    "Mem-Info:\n",
    DUMP,
    "[default]\n",
    "NBD_SWAP=True\n",
    "SIZE=1\n",
    "dhcp-host=a\n",
    "MemTotal: 1 kB\n"
  )
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.array(fc.oneof(piece, fc.string()), { maxLength: 8 })
      .map((all) => new TextEncoder().encode(all.join("")))
  )
  fc.assert(
    fc.property(bytes, (any) => {
      const made = importScenario([file("any", any)])
      if ("text" in made) expect(made.text).not.toBe("")
      else {
        const checked = decodeScenario("imported", made.data)
        if (Either.isLeft(checked)) expect(checked.left.message).toMatch(/^imported: /)
      }
    }),
    { numRuns: 60 }
  )
  expect(formsInWords()).toContain("/proc/zoneinfo")
})
