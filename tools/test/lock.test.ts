import { describe, expect, it } from "vitest"
import { completed, missingOptional } from "../src/lock.mjs"
import { files, read } from "../src/workspace.mjs"

it.each(files().filter((path) => path.endsWith("package-lock.json")))(
  "%s has an entry for every optional package (npm run generate adds them)",
  (path) => expect(Object.keys(missingOptional(JSON.parse(read(path)).packages))).toEqual([])
)

describe("entries for packages that the registry did not serve", () => {
  const lock = {
    "": {},
    "apps/one": {},
    "node_modules/tool": {
      version: "1.2.3",
      dev: true,
      optionalDependencies: {
        "@tool/linux-x64-gnu": "1.2.3",
        "@tool/linux-arm64-musl": "1.2.3",
        "@tool/win32-x64-gnu": "1.2.3"
      }
    },
    "node_modules/tool/node_modules/inner": {
      version: "2.0.0",
      optionalDependencies: { "@tool/linux-x64-gnu": "1.2.3" }
    },
    "node_modules/@tool/linux-x64-gnu": { version: "1.2.3" }
  }

  it("carry the version and the platform", () => {
    expect(missingOptional(lock)).toEqual({
      "node_modules/@tool/linux-arm64-musl": {
        version: "1.2.3",
        cpu: ["arm64"],
        dev: true,
        libc: ["musl"],
        optional: true,
        os: ["linux"]
      },
      "node_modules/@tool/win32-x64-gnu": { version: "1.2.3", cpu: ["x64"], dev: true, optional: true, os: ["win32"] }
    })
  })

  it("are added in npm's order, once", () => {
    const whole = completed(lock)
    expect(Object.keys(whole)).toEqual([
      "",
      "apps/one",
      "node_modules/@tool/linux-arm64-musl",
      "node_modules/@tool/linux-x64-gnu",
      "node_modules/@tool/win32-x64-gnu",
      "node_modules/tool",
      "node_modules/tool/node_modules/inner"
    ])
    expect(completed(whole)).toEqual(whole)
  })
})
