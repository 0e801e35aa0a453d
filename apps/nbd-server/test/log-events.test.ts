import { closeSync, fstatSync, openSync, readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { expect, it } from "vitest"
import { LOG_EVENTS, LOG_ROWS } from "../src/ops/log-events.ts"
import { isJournal } from "../src/ops/log.ts"

const sources = fileURLToPath(new URL("../src/", import.meta.url))
const written = readdirSync(sources, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts"))
  .flatMap((path) => [...readFileSync(`${sources}${path}`, "utf8").matchAll(/\b[lL]og\(\s*"([^"]*)"/g)])
  .map(([, event]) => event)

// the compiler sees to it that each call has the facts of its row
it("every line of the table is written somewhere", () => {
  expect([...new Set(written)].sort()).toEqual(Object.keys(LOG_EVENTS).sort())
  expect(LOG_ROWS.map(([name]) => name)).toEqual(Object.keys(LOG_EVENTS))
})

it("knows whether it writes to the journal", () => {
  const fd = openSync("/dev/null", "r")
  const { dev, ino } = fstatSync(fd, { bigint: true })
  expect(isJournal({ JOURNAL_STREAM: `${dev}:${ino}` }, fd)).toBe(true)
  expect(isJournal({ JOURNAL_STREAM: `${dev}:${ino + 1n}` }, fd)).toBe(false)
  expect(isJournal({}, fd)).toBe(false)
  closeSync(fd)
})
