import { describe, expect, it } from "vitest"
import { workspace } from "./workspace.ts"

const { said } = workspace()

describe("a mistake of the user is one message on standard error, and exit code 2", () => {
  it.each<[ReadonlyArray<string>, string]>([
    [["run", "missing.yaml"], "missing.yaml: no such file, expected a scenario"],
    [["run", "directory.yaml"], "directory.yaml: is a directory, expected a scenario file"],
    [["run", "empty.yaml"], "empty.yaml: is empty, expected a scenario"],
    [["run", "huge.yaml"], "huge.yaml: has 100000000 bytes, expected a scenario of at most 10485760 (10 MiB)"],
    [
      ["run", "cycle.yaml"],
      `cycle.yaml:1:11: include[0]: got "cycle.yaml", expected a file that does not include this one: cycle.yaml -> cycle.yaml`
    ],
    [
      ["validate", "wrong.yaml"],
      `wrong.yaml:5:32: clients[0].ram: got "64 MB/s", expected a size such as 64 MiB, at least 8 MiB and at most 64 GiB`
    ],
    [
      ["run", "ok.yaml", "--set", "clients.0.rma=1 GiB"],
      `--set clients.0.rma=1 GiB: clients[0].rma: unknown key, did you mean "ram"?`
    ],
    [
      ["run", "ok.yaml", "--seed", "x"],
      "swaplab: run: --seed: got x, expected a whole number from 0 to 9007199254740991"
    ],
    [["run", "ok.yaml", "--seed", "1", "--seeds", "2"], "swaplab: --seed and --seeds: expected one of the two"],
    [
      ["run", "ok.yaml", "--report", "directory.yaml"],
      "swaplab: --report directory.yaml: is a directory, expected a file"
    ],
    [["run", "ok.yaml", "--workers=0"], "swaplab: run: --workers: got 0, expected a whole number from 1 to 256"],
    [
      ["run", "ok.yaml", "--workers", "1000"],
      "swaplab: run: --workers: got 1000, expected a whole number from 1 to 256"
    ],
    [
      ["run", "ok.yaml", "--seed", "9007199254740992"],
      "swaplab: run: --seed: got 9007199254740992, expected a whole number from 0 to 9007199254740991"
    ],
    [["run", "ok.yaml", "--json=false"], "swaplab: run: --json=false: expected --json without a value"],
    [["run", "--no-map=true", "ok.yaml"], "swaplab: run: --no-map=true: expected --no-map without a value"],
    [
      ["validate", "map.yaml", "--set", "map.x.values=[big]"],
      `map: clients.0.ram=big: clients[0].ram: got "big", expected a size such as 64 MiB, at least 8 MiB and at most 64 GiB`
    ],
    [
      ["map", "map.yaml", "--kernel", "vanilla"],
      "--kernel vanilla: the scenario does not map it, expected one of fast"
    ],
    [
      ["sweep", "ok.yaml", "-x", "clients.0.ram=32 MiB,64 MiB", "--usl"],
      "--usl: needs whole numbers from 1 on across, such as --x clients.0.count=1,2,4,8; clients.0.ram has others"
    ],
    [
      ["sweep", "ok.yaml", "-x", "server.disk=hdd,nvme", "--set", "prices=[{ path: server.disk, values: { hdd: 1 } }]"],
      "prices[0]: has no price for server.disk nvme, expected one of hdd or a price for it"
    ],
    [
      ["compare", "gone", "gone"],
      "gone: no such file, expected result.json, sweep.json or map.json, or the directory of one"
    ],
    [["compare", "gone", "gone#x"], "gone#x: expected RESULT#kernel=NAME,PATH=VALUE"],
    [["compare", "gone"], "swaplab: compare: expected RESULT"],
    [
      ["sensitivity", "ok.yaml", "--vary", "clients.0.cpus=1"],
      "--vary clients.0.cpus: has 1 value, expected two: PATH=low,high"
    ],
    [
      ["sensitivity", "ok.yaml", "--metric", "elapse"],
      "--metric elapse: is no metric, did you mean elapsed?"
    ],
    [["sweep", "ok.yaml"], "swaplab: sweep: expected --x PATH=RANGE"],
    [
      ["sweep", "ok.yaml", "-x", "clients.0.cpus=4..1 step 1"],
      "--x clients.0.cpus=4..1 step 1: is empty: 1 is below 4"
    ],
    [
      ["sweep", "ok.yaml", "-x", "clients.0.cups=1,2"],
      `the sweep: clients.0.cups=1: clients[0].cups: unknown key, did you mean "cpus"?`
    ],
    [
      ["sweep", "ok.yaml", "-x", "clients.0.cpus=1,2", "--metric", "client.faultLatency.p98"],
      "--metric client.faultLatency.p98: is no metric, did you mean client.faultLatency.p90?"
    ],
    [
      ["sweep", "ok.yaml", "-x", "clients.0.cpus=uniform(4, 1)"],
      "--x clients.0.cpus=uniform(4, 1): its parameters go down, expected them to go up"
    ],
    [
      ["sweep", "ok.yaml", "-x", "clients.0.cpus=1,2", "--precision", "5"],
      "swaplab: sweep: --precision: got 5, expected a percentage above 0 % and at most 100 %, such as 5%"
    ],
    [
      ["sweep", "ok.yaml", "-x", "clients.0.cpus=1,2", "--precision", "5%", "--seeds", "3"],
      "swaplab: --precision: expected at least 5 seeds, and at least as many with --most-seeds"
    ],
    [
      ["sweep", "ok.yaml", "-x", "clients.0.cpus=1,2", "--most-seeds", "9"],
      "swaplab: --most-seeds: expected --precision too"
    ],
    [
      ["ablate", "ok.yaml", "--patch", "recursive-reclaim"],
      "--patch recursive-reclaim: is not in v3.6; --plus puts it on v3.5"
    ],
    [
      ["run", "ok.yaml", "--kernel", "slob"],
      "--kernel slob: no kernel of this scenario, expected one of vanilla, fast"
    ],
    [["run", "ok.yaml", "--out", "empty.yaml"], "swaplab: --out empty.yaml: is a file, expected a directory"],
    [
      ["validate", "ok.yaml", "--seeds", "1"],
      "swaplab: validate: unknown option --seeds"
    ],
    [["ablate", "ok.yaml", "--fresh"], "swaplab: --fresh: expected --out too"],
    [["run"], "swaplab: run: expected FILE"],
    [["farewell"], "swaplab: unknown command farewell"],
    [["shrunk"], "swaplab: unknown command shrunk, did you mean shrink?"],
    [["help", "walk-all"], "swaplab: unknown command walk-all"],
    [["why", "ok.yaml", "--before", "soon"], "swaplab: why: --before: got soon, expected a time such as 10 ms"]
  ])("%j", async (args, message) => {
    const { code, stderr, stdout } = await said(args)
    expect({ code, stdout, stderr: stderr.trim() }).toEqual({ code: 2, stdout: "", stderr: message })
  })
})
