// The example of README.md, as it stands there.
import { decodeTree, field, nearest, parseYaml, type Rule, Size, text, Time, whole } from "@swaplab/config"
import { Either, Schema } from "effect"
import { readFileSync } from "node:fs"
import { expect, it } from "vitest"

const lines: Array<string> = []
const print = (line: string) => lines.push(line)

const example = () => {
  const Machine = Schema.Struct({
    name: text,
    ram: field(Size, 64 * 2 ** 20, "Memory."),
    cpus: field(whole(1, 64), 2, "CPUs."),
    start: field(Time, 0, "When it is switched on."),
    boots: field(text, "", "The machine that it boots from.")
  })
  const Machines = Schema.Struct({ machines: Schema.Array(Machine) })
  type Machines = typeof Machines.Type

  const bootsFromOne: Rule<Machines> = {
    name: "a machine boots from one of the list",
    broken: ({ machines }) => {
      const names = machines.map(({ name }) => name)
      return machines.flatMap(({ boots }, i) =>
        boots === "" || names.includes(boots)
          ? []
          : [{ path: ["machines", i, "boots"], text: `no machine ${boots}, did you mean ${nearest(boots, names)}?` }]
      )
    }
  }

  const read = (yaml: string) =>
    parseYaml("room.yaml", yaml, { what: "a room", top: "a room: a mapping with machines" }).pipe(
      Either.flatMap((tree) => decodeTree(Machines, [bootsFromOne], tree)),
      Either.match({
        onLeft: (error) => error.message,
        onRight: ({ machines }) => JSON.stringify(machines)
      })
    )

  print(read("machines:\n  - { name: server, ram: 2 GiB }"))
  print(read("machines:\n  - { name: server, ram: 64 MB, cpu: 4 }\n  - { name: desk, start: 10 }"))
  print(read("machines:\n  - { name: server }\n  - { name: desk, boots: sever }"))
}

it("prints what README.md says", () => {
  example()
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")
  const output = /```text\n([\s\S]*?)```/.exec(readme)?.[1]
  expect(`${lines.join("\n")}\n`).toBe(output)
})

it("is the code that README.md shows", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")
  const shown = /```ts\n([\s\S]*?)```/.exec(readme)?.[1].replace(/\s+/g, " ").replaceAll("console.log(", "print(")
  const body = /const example = \(\) => \{\n([\s\S]*?)\n\}\n/.exec(readFileSync(new URL(import.meta.url), "utf8"))?.[1]
  expect(shown).toContain(body?.replace(/\s+/g, " ").trim())
})
