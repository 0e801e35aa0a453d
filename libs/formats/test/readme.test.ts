import { readIolog, writeIolog } from "@swaplab/formats"
import { readFileSync } from "node:fs"
import { expect, it } from "vitest"

const output: Array<string> = []
const print = (line: string) => output.push(line)

const example = () => {
  const { unread, value } = readIolog(`fio version 2 iolog
/dev/nbd0 add
/dev/nbd0 open
/dev/nbd0 write 4096 8192
/dev/nbd0 wait 500 0
/dev/nbd0 trim 0 4096
/dev/nbd0 read 8192 4096
`)

  for (const { atNs, length, offset, write } of value.requests) {
    print(`${atNs / 1000} us: ${write ? "write" : "read"} ${length} bytes at ${offset}`)
  }
  for (const { line, why } of unread) print(`line ${line}: ${why}`)
  print(writeIolog(value.requests).trimEnd())
}

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")

it("prints what README.md says", () => {
  example()
  expect(`${output.join("\n")}\n`).toBe(/```text\n([\s\S]*?)```/.exec(readme)?.[1])
})

it("is the code that README.md shows", () => {
  const shown = /```ts\n([\s\S]*?)```/.exec(readme)?.[1].replace(/\s+/g, " ").replaceAll("console.log(", "print(")
  const body = /const example = \(\) => \{\n([\s\S]*?)\n\}\n/.exec(readFileSync(new URL(import.meta.url), "utf8"))?.[1]
  expect(shown).toContain(body?.replace(/\s+/g, " ").trim())
})
