import { decodeScenario, runCluster } from "@swaplab/cluster"
import { formsInWords, seriesCsv } from "@swaplab/experiment"
import { Either } from "effect"
import { spawnSync } from "node:child_process"
import { existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { parse as parseYaml } from "yaml"
import { IMPORTED } from "../src/import-forms.ts"
import { workspace } from "./workspace.ts"

const { path, said, swaplab } = workspace()

const SWAPS = `name: swaps
seeds: 1
kernels: { patched: { allocator: slab, base: v3.6 } }
clients:
  - { name: client, ram: 8 MiB, cpus: 1, swap: 64 MiB, workload: { usemem: { processesPerCpu: 2, size: 1.5x RAM, passes: 2 } } }
`

describe("swaplab import", () => {
  it("has help for every form that is read", () => {
    expect(IMPORTED).toBe(formsInWords())
  })

  it("of a file that is none of these says which there are, and writes nothing", async () => {
    const { code, stderr, stdout } = await said(["import", path("ok.yaml")])
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
    expect(stderr).toContain("ok.yaml: is of none of the forms that are read: a capture")
    expect((await said(["import", path("nowhere")])).stderr).toMatch(/nowhere: it does not exist/)
  })
})

// trace-vmscan-postprocess.pl and trace-pagealloc-postprocess.pl of Documentation/trace/postprocess of a kernel of 2.6.38 to 3.6
const scripts = process.env["SWAPLAB_POSTPROCESS"]
const noScripts = scripts === undefined || !existsSync("/usr/bin/perl")

/** Without the flags of irqs: as after `echo noirq-info > trace_options`, which these scripts ask for. */
const noIrqInfo = (trace: string): string => trace.replaceAll(/\] \.\.[s.]\.  /g, "] ")

const processed = (name: string, trace: string): string => {
  const { stderr, stdout } = spawnSync("perl", [join(scripts ?? "", name)], {
    input: noIrqInfo(trace),
    encoding: "utf8"
  })
  expect(stderr).toBe("")
  return stdout
}

describe.skipIf(noScripts)(
  `scripts of the kernel read ftrace${noScripts ? " (not there: perl, or SWAPLAB_POSTPROCESS=DIR with them)" : ""}`,
  () => {
    const file = "swaps.yaml"
    const traced = async (event: string) => {
      writeFileSync(path(file), SWAPS)
      return (await said(["export", path(file), "--as", "ftrace", "--event", event])).stdout
    }

    it("trace-vmscan-postprocess.pl", async () => {
      const out = processed("trace-vmscan-postprocess.pl", await traced("vmscan"))
      const { stdout } = await said(["proc", path(file), "vmstat"])
      const vmstat = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, "m").exec(stdout)?.[1])
      const figure = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(out)?.[1])
      expect(figure("Direct reclaims")).toBe(vmstat("allocstall"))
      expect(figure("Direct reclaim write anon async I/O") + figure("Kswapd reclaim write anon async I/O"))
        .toBe(vmstat("nr_vmscan_write"))
      expect(figure("Kswapd wakeups")).toBeGreaterThan(0)
      expect(Number(/^Time stalled direct reclaim:\s+([\d.]+)/m.exec(out)?.[1])).toBeGreaterThan(0)
    })

    it("trace-pagealloc-postprocess.pl", async () => {
      const trace = await traced("kmem")
      const out = processed("trace-pagealloc-postprocess.pl", trace)
      const rows = out.split("\n").filter((line) => /^\S*-\d+ +\d/.test(line)).map((line) => line.trim().split(/\s+/))
      const allocated = rows.reduce((sum, [, pages]) => sum + Number(pages), 0)
      expect(allocated).toBe(trace.match(/: mm_page_alloc: /g)?.length)
    })
  }
)

describe("swaplab export", () => {
  it("of a result as junit has its findings", async () => {
    await swaplab("run", "threshold.yaml", "--out", "kept")
    const { code, stdout } = await said(["export", path("kept"), "--as", "junit"])
    expect(code).toBe(0)
    expect(stdout).toMatch(/<testsuite name="test, vanilla" tests="3" failures="3" errors="0">/)
    expect(stdout).toContain("<failure type=\"threshold\" message=\"client.faultLatency.p99 &lt; 20 ms: ")
  })

  it("of a run as csv has the samples that run --out writes", async () => {
    writeFileSync(path("sampled.yaml"), SWAPS)
    const { stdout } = await said(["export", path("sampled.yaml"), "--as", "csv"])
    expect(stdout.split("\n").length).toBeGreaterThan(100)
    const scenario = Either.getOrThrow(decodeScenario("sampled", parseYaml(SWAPS))).scenario
    const { series } = runCluster(scenario, "patched", 1)
    expect(stdout.trimEnd()).toBe(seriesCsv([{ kernel: "patched", seed: 1, series }]).trimEnd())
  })

  it.each([
    [
      ["ok.yaml"],
      "swaplab: export: --as is missing, expected trace, ftrace, pcapng, iolog, folded, csv, prometheus, grafana or junit\n"
    ],
    [["ok.yaml", "--as", "pcapng"], /--link is missing, expected a cable: server\/eth0/],
    [["ok.yaml", "--as", "pcapng", "--link", "x"], /--link x, expected a cable: /],
    [["ok.yaml", "--as", "trace", "--link", "x"], /--link has no effect with --as trace, only with pcapng and iolog/],
    [["ok.yaml", "--as", "trace", "--event", "vmscan"], /--event has no effect with --as trace, only with ftrace/],
    [["ok.yaml", "--as", "trace", "--client", "client-1"], /--client has no effect with --as trace, only with ftrace/],
    [["ok.yaml", "--as", "ftrace", "--client", "x"], /--client x: expected /],
    [
      ["ok.yaml", "--as", "ftrace", "--event", "vmscam"],
      /--event vmscam: expected vmscan, kmem, block, writeback, mm_/
    ],
    [["ok.yaml", "--as", "trace", "--kernel", "none"], "swaplab: export: --kernel none: expected vanilla or fast\n"],
    [["ok.yaml", "--as", "trace", "--until", "soon"], /^swaplab: export: --until: got soon, expected a time/],
    [["ok.yaml", "--as", "junit"], /is not JSON, expected the result\.json/],
    [["wrong.yaml", "--as", "prometheus"], /^wrong\.yaml:\d+:\d+: clients\[0\]\.ram: got "64 MB\/s"/]
  ])("%j is a mistake", async (args, message) => {
    const { code, stderr, stdout } = await said(["export", ...args])
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
    expect(stderr).toEqual(expect.stringMatching(message))
  })
})
