// The units of systemd that the package brings, as systemd itself sees them.
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, expect } from "vitest"
import { ok, withPrograms } from "../src/peers.ts"
import { root, scratch, stopAll } from "../src/server.ts"

afterAll(stopAll)

const folder = join(root, "apps/nbd-server/systemd")
const NAME = "swaplab-nbd-server"

/** Copies of the units, with a command that is there: verify looks for it. */
const units = (): ReadonlyArray<string> => {
  const copies = scratch()
  return ["service", "socket"].map((kind) => {
    const text = readFileSync(join(folder, `${NAME}.${kind}`), "utf8")
    const copy = join(copies, `${NAME}.${kind}`)
    writeFileSync(copy, text.replace(/^ExecStart=swaplab-nbd-server/m, `ExecStart=${process.execPath}`))
    return copy
  })
}

withPrograms("systemd-analyze")("systemd-analyze verify has nothing to say", async () => {
  expect(await ok("systemd-analyze", "verify", "--man=no", ...units())).toBe("")
})

withPrograms("systemd-analyze")("systemd-analyze security: an exposure of at most 3", async () => {
  const said = await ok("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=30", units()[0])
  expect(Number(/Overall exposure level for .*: ([\d.]+)/.exec(said)?.[1])).toBeLessThanOrEqual(3)
})

withPrograms("systemd-sysusers")("systemd-sysusers makes the user of the service", async () => {
  const said = await ok("systemd-sysusers", "--dry-run", join(folder, `${NAME}.sysusers`))
  const user = /^User=(.*)$/m.exec(readFileSync(join(folder, `${NAME}.service`), "utf8"))?.[1]
  expect(user).toBeTruthy()
  // nothing to do where the user is there already
  if (said !== "") expect(said).toContain(`'${user}'`)
})
