// A clock that is stepped, by NTP or by hand, must change nothing: the server decides by a clock that does not go back. The time
// of day is for people alone, in the log and in recordings.
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, it } from "vitest"

const src = fileURLToPath(new URL("../src", import.meta.url))

it("only the log and recordings know the time of day", () => {
  const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"))
  expect(files.length).toBeGreaterThan(30)
  const dated = files.filter((file) =>
    /\bDate\b|\btimeOrigin\b|Clock\.currentTime|DateTime\.now/.test(readFileSync(join(src, file), "utf8"))
  )
  expect(dated.sort()).toEqual(["ops/log.ts", "record/recorder.ts"])
})
