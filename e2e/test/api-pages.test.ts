// The pages of the API are made without a link that leads nowhere, a module for each entry of each lib.
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { execute, root, scratch } from "../src/command.ts"

it("npm run api: pages for every lib, no link that leads nowhere", async () => {
  const folder = scratch()
  const { code, stderr, stdout } = await execute(process.execPath, ["tools/api.mjs", folder], { cwd: root })
  expect(code, stdout + stderr).toBe(0)
  const modules = readdirSync(join(folder, "modules")).map((file) => file.replace(/^_swaplab_|\.html$/g, "")).sort()
  expect(modules).toEqual([...readdirSync(join(root, "libs")), "nbd_wire"].sort())
})
