// @ts-check
// What the real side runs on.
import { spawnSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { release } from "node:os"
import { gunzipSync } from "node:zlib"

const CONFIG = "/proc/config.gz"

/** The kernel's HZ, if the kernel tells. */
const hz = () => {
  if (!existsSync(CONFIG)) return null
  const found = /^CONFIG_HZ=(\d+)$/m.exec(gunzipSync(readFileSync(CONFIG)).toString())
  return found === null ? null : Number(found[1])
}

/** @type {(absent: ReadonlyArray<string>) => import("./results.mjs").Platform} */
export const platformOf = (absent) => ({
  // without what a builder has added to the version
  kernel: /^\d+(\.\d+)*/.exec(release())?.[0] ?? release(),
  hz: hz(),
  nbdkit: /\d+\.\d+\.\d+/.exec(spawnSync("nbdkit", ["--version"], { encoding: "utf8" }).stdout)?.[0] ?? "unknown",
  absent
})
