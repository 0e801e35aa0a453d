// docs/reference/many-machines.md has the settings as they are.
import { readFileSync } from "node:fs"
import { expect, it } from "vitest"
import * as settings from "../src/many-machines/settings.ts"

const page = readFileSync(new URL("../../../docs/reference/many-machines.md", import.meta.url), "utf8")

/** The settings in the order of the table. */
const IN_ORDER = [
  settings.SHARDS,
  settings.SHARD_LOCK_REFRESH_S,
  settings.SHARD_LOCK_EXPIRATION_S,
  settings.REFRESH_ASSIGNMENTS_S,
  settings.MESSAGE_POLL_MS,
  settings.REPLY_POLL_MS,
  settings.TICK_MS,
  settings.WATCHDOG_S,
  settings.NO_WORKER_S,
  settings.AHEAD_S,
  settings.MOST_JOBS_PER_CORE,
  settings.LEAST_JOBS_PER_CORE,
  settings.BATCH_MS,
  settings.MOST_IN_BATCH,
  settings.CONNECTIONS,
  settings.KEPT_DAYS,
  settings.FAILOVER_S
]

it("has every setting with its value", () => {
  const table = page.slice(page.indexOf("<!-- settings -->"), page.indexOf("<!-- end of settings -->"))
  const values = table.split("\n").filter((line) => line.startsWith("|")).slice(2)
    .map((line) => Number(line.split("|")[2]))
  expect(values).toEqual(IN_ORDER)
})

it("moves the jobs of a worker that is gone within 20 s", () => {
  expect(settings.FAILOVER_S).toBeLessThanOrEqual(20)
})
