import { formsInWords } from "@swaplab/experiment"
import { describe, expect, it } from "vitest"
import { IMPORTED } from "../src/import-forms.ts"
import { workspace } from "./workspace.ts"

const { path, said, swaplab } = workspace()

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

describe("swaplab export", () => {
  it("of a result as junit has its findings", async () => {
    await swaplab("run", "threshold.yaml", "--out", "kept")
    const { code, stdout } = await said(["export", path("kept"), "--as", "junit"])
    expect(code).toBe(0)
    expect(stdout).toMatch(/<testsuite name="test, vanilla" tests="3" failures="3" errors="0">/)
    expect(stdout).toContain("<failure type=\"threshold\" message=\"client.faultLatency.p99 &lt; 20 ms: ")
  })

  it.each([
    [
      ["ok.yaml"],
      "swaplab: export: --as is missing, expected trace, pcapng, iolog, folded, prometheus, grafana or junit\n"
    ],
    [["ok.yaml", "--as", "pcapng"], /--link is missing, expected a cable: server\/eth0/],
    [["ok.yaml", "--as", "pcapng", "--link", "x"], /--link x, expected a cable: /],
    [["ok.yaml", "--as", "trace", "--link", "x"], /--link has no effect with --as trace, only with pcapng and iolog/],
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
