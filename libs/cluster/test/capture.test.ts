// A recorder at a cable: the run is the same, every frame is there, and its bytes say what went over it.
import { cableNamesOf, ClusterRun, NO_HOOKS, recordCable, runCluster } from "@swaplab/cluster"
import { PcapngWriter, readNbdCapture } from "@swaplab/formats"
import { describe, expect, it } from "vitest"
import { scenario, SMALL } from "./clusters.ts"

/** The one's complement sum of some bytes; 0xffff where a checksum in them is right. */
const sum = (bytes: ReadonlyArray<number>): number => {
  const words = bytes.length % 2 === 0 ? bytes : [...bytes, 0]
  let total = 0
  for (let at = 0; at < words.length; at += 2) total += words[at] << 8 | words[at + 1]
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16)
  return total
}

const client = { ...SMALL, workload: { usemem: { processesPerCpu: 2, size: "20 MiB", passes: 2 } } }
const of = scenario([client], { lan: { loss: "0.1 %" }, settle: "1 s" })

describe("a recorder at a client's cable", () => {
  const run = new ClusterRun(of, "slab-series", 1)
  const frames: Array<Uint8Array> = []
  const writer = new PcapngWriter("client-1/eth0")
  const recorded = recordCable(run.cluster, "client-1/eth0", (atNs, bytes) => {
    frames.push(bytes)
    writer.packet(atNs, bytes)
  })
  run.advance(Number.POSITIVE_INFINITY)
  const [{ client: recordedClient }] = run.clients
  const { disk, nbd } = recordedClient.machine

  it("finds its cable by its name, and no other", () => {
    expect(recorded).toBe(true)
    expect(cableNamesOf(run.cluster)).toEqual(["server/eth0", "client-1/eth0"])
    expect(recordCable(run.cluster, "client-1", () => {})).toBe(false)
  })

  it("changes nothing of the run but the number of its events", () => {
    const figures = (result: object): string => JSON.stringify({ ...result, events: 0, fingerprint: "", cpuSeconds: 0 })
    const without = runCluster(of, "slab-series", 1, NO_HOOKS)
    expect(figures(run.result("stopped", 0))).toBe(figures(without))
  })

  it("sees every frame that left and that arrived, with right checksums", () => {
    const { down, up } = recordedClient
    expect(frames.length).toBe(up.sentFrames + down.deliveredFrames)
    for (const frame of frames.filter((_, i) => i % 7 === 0)) {
      expect(sum([...frame.subarray(14, 34)])).toBe(0xffff)
      const tcp = frame.length - 34
      expect(sum([...frame.subarray(26, 34), 0, 6, tcp >> 8, tcp & 255, ...frame.subarray(34)])).toBe(0xffff)
    }
  })

  it("has every request of the device, each once", () => {
    const { unread, value } = readNbdCapture(writer.bytes())
    expect(unread).toEqual([])
    const written = value.requests.filter(({ write }) => write)
    const { sentReads, sentWrites } = nbd?.counters ?? { sentReads: -1, sentWrites: -1 }
    expect([written.length, value.requests.length]).toEqual([sentWrites, sentReads + sentWrites])
    expect(sentReads).toBeGreaterThan(100)
    expect(written.reduce((bytes, { length }) => bytes + length, 0)).toBe(disk.stats.sectors[1] * 512)
    expect(value.requests.every(({ of: from }) => from.startsWith("10.0.0.3:"))).toBe(true)
  })
})
