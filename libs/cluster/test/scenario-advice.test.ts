// Settings of a scenario that change nothing are said.
import { formatFinding } from "@swaplab/config"
import { describe, expect, it } from "vitest"
import { loaded, MINIMAL, withClient } from "./scenario-files.ts"

describe("settings without effect are said", () => {
  it.each([
    [
      withClient("background: { bytes: 500 }"),
      "clients[0].background.bytes: 500 has no effect: background.packetsPerSecond is 0"
    ],
    [
      withClient("background: { kernelBuild: { files: 5 } }"),
      "clients[0].background.kernelBuild.files: 5 has no effect: background.kernelBuild.jobs is 0"
    ],
    [
      withClient("background: { disk: { latency: 1 ms } }"),
      "clients[0].background.disk.latency: \"1 ms\" has no effect: nothing writes files"
    ],
    [`${MINIMAL}\ncompare: { baseline: vanilla, against: vanilla }`, "compare: "],
    [withClient("thp: true, minFree: 4 MiB"), "clients[0].thp: true has no effect"],
    [
      withClient("nbd: { whenLost: persist, deadTimeout: 10 s }"),
      "clients[0].nbd.deadTimeout: \"10 s\" has no effect: requests wait for a new connection with whenLost: reconnect only"
    ],
    [
      withClient("nbd: { whenLost: exit, rebootTime: 10 s }"),
      "clients[0].nbd.rebootTime: \"10 s\" has no effect: the client reboots with whenLost: reboot only"
    ],
    [withClient("nbd: { whenLost: reconnect }"), "clients[0].nbd.whenLost: requests that wait for a new connection"],
    [
      `${MINIMAL}\nserver: { disk: { read: { median: 1 ms, p99: 1 ms }, write: { median: 1 ms, p99: 1 ms }, capacity: 64 MiB } }`,
      "server.disk: 64 MiB hold less than the swap of all clients, 320 MiB: writes fail when it is full"
    ],
    [
      `${MINIMAL}\nserver: { swapFiles: fresh }`,
      "server.swapFiles: \"fresh\" has no effect: no client connects again"
    ],
    [`${MINIMAL}\nserver: { pageCache: 2 GiB }`, `server.pageCache: "2 GiB" has no effect: server.disk is memory`],
    [
      `${MINIMAL}\nfaults: [{ what: slow-disk, where: server, at: 1 s, factor: 2 }]`,
      "faults[0]: slow-disk has no effect: the server's disk is memory"
    ],
    [
      `${MINIMAL}\nthresholds: [faults.harmed <= 0]`,
      `thresholds[0]: "faults.harmed <= 0" has no effect: the scenario has no faults`
    ],
    [
      withClient("kernel: vanilla").replace("clients:", "  other: { allocator: slub, base: v3.5 }\nclients:"),
      "kernels.other: "
    ],
    [withClient("workload: { usemem: { size: 16 MiB } }"), "clients[0].workload.usemem.size: 16 MiB fits into RAM"],
    [
      MINIMAL.replace("base: v3.5 }", "base: v3.5, patches: { ignore-mempolicy: true } }"),
      "kernels.vanilla.patches.ignore-mempolicy: true has no effect: the machines have one memory node"
    ],
    [
      MINIMAL.replace("base: v3.5 }", "base: v3.5 + sk-gfp-atomic }"),
      "kernels.vanilla.base: + sk-gfp-atomic has no effect: it does nothing without gfp-memalloc and nbd-memalloc"
    ],
    [
      MINIMAL.replace("base: v3.5 }", "base: v3.6 - pfmemalloc-receive }"),
      "kernels.vanilla.base: - pfmemalloc-receive has no effect: no receive buffer of this card is ever marked"
    ],
    [
      MINIMAL.replace("base: v3.5 }", "base: v3.6 + throttle }"),
      "kernels.vanilla.base: + throttle has no effect: v3.6 has it anyway"
    ]
  ])("%s", (text, warning) => {
    expect(loaded(text).warnings.map(formatFinding).filter((line) => line.startsWith(warning))).toHaveLength(1)
  })

  it.each(["power-off", "crash"])("fresh swap files matter where a client boots again: %s", (what) => {
    const faults = `faults:\n  - { what: ${what}, where: client-1, at: 1 s, for: 1 s }`
    expect(loaded(`${MINIMAL}\nserver: { swapFiles: fresh }\n${faults}`).warnings).toEqual([])
  })

  it("a patch that matters on one of the clients is not held against it", () => {
    const one = MINIMAL.replace("base: v3.5 }", "base: v3.6 - pfmemalloc-receive }")
    expect(loaded(one).warnings).toHaveLength(1)
    expect(loaded(`${one}\n  - { name: marked, nic: { driver: igb } }`).warnings).toEqual([])
  })

  it("holds no default against anybody", () => {
    expect(loaded(MINIMAL).warnings).toEqual([])
  })
})
