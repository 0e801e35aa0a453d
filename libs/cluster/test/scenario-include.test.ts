// Files that include others, and values that are put over those of a file.
import { parseOverride } from "@swaplab/config"
import { Either } from "effect"
import { describe, expect, it } from "vitest"
import { load, loaded, messageOf, MINIMAL, wordsOf } from "./scenario-files.ts"

describe("include", () => {
  it("puts a file over those it includes: mappings by key, groups by name, other lists whole", () => {
    const { scenario } = Either.getOrThrow(load({
      "s/x.yaml": "include: [base/a.yaml]\nseeds: [7]\n"
        + "clients: [{ name: client, ram: 2 GiB, swap: 10 GiB }, { name: new }]",
      "s/base/a.yaml": `${MINIMAL}\nhz: 100\nseeds: [1, 2]\nserver: { cpus: 4, link: { rate: 100 Mbit } }`
    }))
    expect(scenario.hz).toBe(100)
    expect(scenario.seeds).toEqual([7])
    expect(scenario.server?.cpus).toBe(4)
    expect(scenario.clients.map((group) => [group.name, group.ram])).toEqual([["client", 2 ** 31], ["new", 2 ** 26]])
  })

  it("does not swallow a group that has a name twice", () => {
    const twice = "include: [a.yaml]\nclients: [{ name: client }, { name: new }, { name: NAME, cpus: 1 }]"
    const message = (name: string): string =>
      wordsOf(load({ "s/x.yaml": twice.replace("NAME", name), "s/a.yaml": MINIMAL }))
    expect(message("new")).toBe(`s/x.yaml: clients[2].name: got "new", expected a name that no other group has`)
    expect(message("client")).toBe(`s/x.yaml: clients[2].name: got "client", expected a name that no other group has`)
    expect(message("third")).toBe("no error")
  })

  it("lets a file be included twice, on two ways", () => {
    const entries = {
      "s/x.yaml": "include: [a.yaml, b.yaml]",
      "s/a.yaml": "include: [c.yaml]\nhz: 100",
      "s/b.yaml": "include: [c.yaml]",
      "s/c.yaml": `${MINIMAL}\nhz: 1000`
    }
    expect(Either.getOrThrow(load(entries)).scenario.hz).toBe(1000)
  })

  it.each<[string, Record<string, string>]>([
    ["of one file", { "s/x.yaml": "include: [./x.yaml]" }],
    ["of two", { "s/x.yaml": "include: [y.yaml]", "s/y.yaml": "include: [../s/x.yaml]" }]
  ])("refuses a cycle %s", (_, entries) => {
    const message = messageOf(load(entries))
    expect(message).toContain("include[0]")
    expect(message).toMatch(/s\/x\.yaml -> .*s\/x\.yaml$/)
  })

  it("names the file that holds the mistake", () => {
    const entries = { "s/x.yaml": "include: [a.yaml]", "s/a.yaml": `${MINIMAL}\nhz: 7` }
    expect(messageOf(load(entries))).toBe("s/a.yaml:8:5: hz: got 7, expected 100, 250 or 1000")
  })

  it("takes an absolute path as it is", () => {
    const text = "include: [/etc/passwd]"
    expect(messageOf(load({ "s/x.yaml": text }))).toBe(
      `s/x.yaml:1:11: include[0]: got "/etc/passwd", expected a file, but there is no /etc/passwd`
    )
    expect(messageOf(load({ "s/x.yaml": text, "/etc/passwd": "root:x:0:0" }))).toBe(
      `/etc/passwd:1:1: got "root:x:0:0", expected a scenario: a mapping with name, kernels and clients`
    )
  })

  it("names an included file that is not there", () => {
    expect(messageOf(load({ "s/x.yaml": "include: [no.yaml]" }))).toBe(
      `s/x.yaml:1:11: include[0]: got "no.yaml", expected a file, but there is no s/no.yaml`
    )
  })
})

describe("--set", () => {
  it("puts a value over the file's, by either spelling of a path", () => {
    const sets = ["clients.0.ram=128MiB", "clients[0].swap=1 GiB", "seeds=[3, 4]", "server.link.rate=100 Mbit"]
    const { scenario } = loaded(MINIMAL, sets)
    expect(scenario.clients[0].ram).toBe(2 ** 27)
    expect(scenario.clients[0].swap).toBe(2 ** 30)
    expect(scenario.seeds).toEqual([3, 4])
    expect(scenario.server?.link.rate).toBe(1e8)
  })

  it.each([
    ["clients.0.ram=64", "--set clients.0.ram=64: clients[0].ram: got 64, expected a size"],
    ["clients.1.ram=64 MiB", "--set clients.1.ram=64 MiB: clients[1].ram: 1 is no entry of this list, expected 0"],
    ["clients.0.rma=64 MiB", `--set clients.0.rma=64 MiB: clients[0].rma: unknown key, did you mean "ram"?`],
    ["name.x=1", "--set name.x=1: name.x: x is below a value that is no mapping"],
    ["__proto__.x=1", "expected path=value"],
    ["ram", "--set ram: expected path=value, such as clients.0.ram=128MiB"],
    ["seeds=[3, 4", `--set seeds=[3, 4: seeds: got "[3, 4", expected a value as in a YAML file`],
    ["server={ cpus: 1, cpus: 2 }", "expected a value as in a YAML file"]
  ])("%s", (set, message) => {
    const result = Either.flatMap(parseOverride("--set", set), () => load({ "s/x.yaml": MINIMAL }, [set]))
    expect(messageOf(result)).toContain(message)
  })
})
