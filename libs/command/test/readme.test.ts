import { file, many, one, parse, required, text, wholeNumber } from "@swaplab/command"
import { readFileSync } from "node:fs"
import { expect, it } from "vitest"

it("the example of the README does what it says", () => {
  const output: Array<string> = []
  const console = { log: (line: string) => output.push(line) }

  const GREET = {
    name: "greet",
    meaning: "Greets people.",
    commands: {
      all: {
        meaning: "Greets everybody in a file.",
        arguments: { names: required(file("FILE", "a list of names"), "A name a line.") },
        options: {
          times: one(wholeNumber(1, 9), "How often.", { without: "Without it: once." }),
          skip: many(text("NAME", "a name"), "Leaves out this one.")
        },
        examples: [["all friends.txt --times 2", "twice each"]]
      }
    },
    exitCodes: [[0, "everybody was greeted"], [2, "a mistake in the command line"]]
  } as const

  const style = { columns: 80, title: (text: string) => text }
  for (
    const line of ["all friends.txt --times 2 --skip Eve", "all friends.txt --tims 2", "all friends.txt --times 0"]
  ) {
    const called = parse(GREET, "1.0.0", line.split(" "), style)
    console.log(
      "said" in called ? called.said : `${called.values.names}, ${called.values.times}, ${called.values.skip}`
    )
  }

  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")
  expect(readme).toContain("```text\n" + output.join("\n") + "\n```")
})
