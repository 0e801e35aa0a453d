// Mistakes in a scenario, and in what run, ablate and map are asked for: each is one message with the path and the value, exit
// code 2, and nothing is written.
import { existsSync, writeFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { workspace } from "./workspace.ts"

const { path, said } = workspace()

/** A scenario in which the tables below put a mistake. */
const small = (extra = ""): string => `
name: small
seeds: [1]
kernels:
  patched: { allocator: slab, base: v3.6 }
clients:
  - name: client
    ram: 8 MiB
    cpus: 1
    swap: 64 MiB
expect: { default: any }
${extra}`

/** What a command says that must fail as the user's mistake, and leaves nothing at --out. */
const complaint = async (...args: ReadonlyArray<string>): Promise<string> => {
  const { code, stderr, stdout } = await said([...args, "--out", path("out")])
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
  expect(stderr.trimEnd().split("\n")).toHaveLength(1)
  expect(existsSync(path("out"))).toBe(false)
  return stderr.trimEnd()
}

const replaced = (from: string | RegExp, to: string): string => {
  const text = small().replace(from, to)
  expect(text).not.toBe(small())
  return text
}

describe("in a scenario file", () => {
  const client = "  - name: client\n    ram: 8 MiB"
  it.each<[what: string, text: string, message: RegExp]>([
    ["an unknown key", replaced("ram:", "rma:"), /clients\[0\]\.rma: .*\bram\b/],
    ["an unknown key at the top", small("sedes: 3"), /sedes: .*\bseeds\b/],
    ["a wrong unit", replaced("8 MiB", "16 MB/s"), /clients\[0\]\.ram: got "16 MB\/s", expected a size such as/],
    ["no unit", replaced("8 MiB", "16"), /clients\[0\]\.ram: got 16, expected a size such as/],
    ["a negative size", replaced("8 MiB", "-16 MiB"), /clients\[0\]\.ram: got "-16 MiB", expected a size/],
    ["no clients", replaced(/clients:[\s\S]*expect:/, "clients: []\nexpect:"), /clients: .*expected/],
    ["a group of 0 clients", replaced(client, `${client}\n    count: 0`), /clients\[0\]\.count: got 0, expected/],
    ["no kernels", replaced(/kernels:\n.*\n/, "kernels: {}\n"), /kernels: .*at least one/],
    [
      "an unknown kernel base",
      replaced("base: v3.6", "base: v3.7"),
      /kernels\.patched\.base: got "v3\.7", expected v3\.5/
    ],
    ["two groups of one name", small().replace("expect:", `${client}\nexpect:`), /clients\[1\]\.name: got "client"/],
    ["a threshold on nothing", small("thresholds: [\"client.speed < 3 s\"]"), /thresholds\[0\]: .*client\.speed/],
    [
      "a kind of fault that does not exist",
      small("faults: [{ what: dwon, where: client, at: 1 s }]"),
      /faults\[0\]\.what: got "dwon", expected .*, did you mean down\?/
    ],
    [
      "a client in a fault that does not exist",
      small("faults: [{ what: down, where: client-2, at: 1 s }]"),
      /faults\[0\]\.where: got "client-2", expected servers, server, clients, client, or one client: client-1/
    ],
    ["something else than YAML", "name: [a, b\nkernels: {", /^2:1: not YAML/],
    ["a list", "- a\n- b\n", /expected a scenario/],
    ["nothing", "", /is empty, expected a scenario/]
  ])("%s", async (_what, text, message) => {
    writeFileSync(path("small.yaml"), text)
    const line = await complaint("run", "small.yaml")
    // the file with line and column, but for an empty one
    expect(line).toMatch(/^small\.yaml:( |\d+:\d+: )/)
    expect(line.slice("small.yaml:".length)).toMatch(message)
  })
})

describe("in what run is asked for", () => {
  it.each<[what: string, args: ReadonlyArray<string>, message: RegExp]>([
    ["--set without a value", ["--set", "clients.0.ram"], /--set clients\.0\.ram: expected path=value/],
    ["--set of a path that is not there", ["--set", "clients.7.ram=8MiB"], /--set clients\.7\.ram=8MiB: .*clients/],
    ["--seeds 0", ["--seeds", "0"], /--seeds: got 0, expected a whole number from 1/],
    ["--seed and --seeds", ["--seed", "1", "--seeds", "2"], /--seed and --seeds/]
  ])("%s", async (_what, args, message) => {
    writeFileSync(path("small.yaml"), small())
    expect(await complaint("run", "small.yaml", ...args)).toMatch(message)
  })
})

describe("in what ablate is asked for", () => {
  it.each<[string, ReadonlyArray<string>, RegExp]>([
    ["an unknown patch", ["--patch", "throtle"], /^--patch throtle: expected one of slab-knowledge, /],
    ["an unknown base", ["--base", "v4.0"], /^--base v4\.0: expected one of v3\.5, /],
    [
      "an unknown allocator",
      ["--allocator", "slob"],
      /^swaplab: ablate: --allocator: got slob, expected slab or slub$/
    ],
    ["an unknown option", ["--minus"], /^swaplab: ablate: unknown option --minus$/]
  ])("%s", async (_what, args, message) => {
    writeFileSync(path("small.yaml"), small())
    expect(await complaint("ablate", "small.yaml", ...args)).toMatch(message)
  })
})

describe("in what map is asked for", () => {
  it.each<[string, ReadonlyArray<string>, RegExp]>([
    ["no axis", [], /^swaplab: map: expected --x PATH=range, or a scenario with a map$/],
    [
      "a range that is none",
      ["--x", "clients.0.cpus=1..4"],
      /^--x clients\.0\.cpus=1\.\.4: expected PATH=a,b,c, PATH=from/
    ],
    ["an unknown path", ["--x", "clients.0.cups=1,2"], /^map: clients\.0\.cups=1: clients\[0\]\.cups: .*\bcpus\b/],
    [
      "a wrong value",
      ["--x", "clients.0.nic.driver=e1000,rtl"],
      /driver=rtl: clients\[0\]\.nic\.driver: got "rtl", expected/
    ],
    [
      "a unit that does not fit",
      ["--x", "clients.0.ram=16..64 ms/2"],
      /clients\[0\]\.ram: got "16 ms", expected a size/
    ],
    [
      "a kernel that is not there",
      ["--x", "clients.0.cpus=1,2", "--kernel", "slob"],
      /^--kernel slob: no kernel of this/
    ]
  ])("%s", async (_what, args, message) => {
    writeFileSync(path("small.yaml"), small())
    expect(await complaint("map", "small.yaml", ...args)).toMatch(message)
  })
})
