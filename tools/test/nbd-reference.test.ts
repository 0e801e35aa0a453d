// docs/nbd-server/reference.md says what the schema, the commands and the exit codes of the server say.
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import {
  type Commands,
  NBD_BUILT,
  NBD_REFERENCE,
  nbdTables,
  undescribedKeys,
  withTables
} from "../src/nbd-reference.mjs"
import { read, root } from "../src/workspace.mjs"

/** The source of a built module: the tools are no project that may import libs. */
const source = (built: string): Promise<Record<string, unknown>> =>
  import(join(root, built.replace("/dist/", "/src/").replace(/\.js$/, ".ts")))

const schemaOf = async (): Promise<Record<string, unknown>> =>
  ((await source(NBD_BUILT.schema))["configJsonSchema"] as () => Record<string, unknown>)()

it("is up to date (npm run generate)", async () => {
  const { NBD_SERVER: program } = await source(NBD_BUILT.commands)
  const others = {
    ...(await source(NBD_BUILT.tables)),
    ...(await source(NBD_BUILT.fixedLimits)),
    ...(await source(NBD_BUILT.logEvents))
  }
  const tables = nbdTables(await schemaOf(), { program, ...others } as unknown as Commands)
  expect(read(NBD_REFERENCE)).toBe(withTables(read(NBD_REFERENCE), tables))
})

it("describes every key", async () => {
  expect(undescribedKeys(await schemaOf())).toEqual([])
})

describe("a place for each table", () => {
  const page = "<!-- table: a -->\n\n| old |\n| --- |\n\nwords\n"

  it("is filled", () => expect(withTables(page, { a: "| new |" })).toBe("<!-- table: a -->\n\n| new |\n\nwords\n"))
  it("is missed", () => expect(() => withTables(page, { a: "| new |", b: "| b |" })).toThrow("has no place for b"))
  it("is not invented", () => expect(() => withTables(page, {})).toThrow("no table \"a\""))
})
