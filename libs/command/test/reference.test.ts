import { commandsTable, optionsTable } from "@swaplab/command"
import { expect, it } from "vitest"
import { GREET } from "./greet.ts"

it("commands and options as tables of Markdown", () => {
  expect(commandsTable(GREET)).toMatchInlineSnapshot(`
    "| command                 | what it does                |
    | ----------------------- | --------------------------- |
    | \`greet all FILE [NAME]\` | Greets everybody in a file. |
    | \`greet none\`            | Greets nobody.              |"
  `)
  expect(optionsTable(GREET.commands.all)).toMatchInlineSnapshot(`
    "| option          | meaning                                   |
    | --------------- | ----------------------------------------- |
    | \`-t, --times N\` | How often. Without it: once.              |
    | \`--skip NAME\`   | Leaves out this one. Any number of times. |
    | \`--tone TONE\`   | How.                                      |
    | \`--no-capitals\` | Writes small letters.                     |
    | \`--loud\`        | Writes capitals.                          |
    | \`--out DIR\`     | Where to write.                           |"
  `)
})
