// Which process has an export: each that can be changed is in exactly one, whoever asks and however.
import { encodeInfoRequest, Option } from "@swaplab/nbd"
import { Either } from "effect"
import { describe, expect, it } from "vitest"
import { decodeConfig } from "../src/config/load.ts"
import { isKeptIn, movedExport, placeOfKey, placeOfName, placeOfOption } from "../src/processes/placement.ts"

const config = Either.getOrThrow(decodeConfig("test", {
  processes: 3,
  exports: {
    disk: { memory: "1 MiB" },
    image: { file: "/image", readOnly: true },
    file: { file: "/file" }
  },
  swap: { swap: { per: "address", size: "1 MiB" }, "swap-*": { size: "1 MiB" } }
}))
const A = "192.168.67.10"
const B = "192.168.67.11"
const everywhere = [0, 1, 2]
const keptIn = (key: string) => everywhere.filter((place) => isKeptIn(place, config, key))

describe("placement", () => {
  it.each([
    { name: "disk", key: "disk" },
    { name: "file", key: "file" },
    { name: "", key: "disk" },
    { name: "swap", key: `swap@${A}` },
    { name: "swap-pc7", key: "swap-pc7" }
  ])("$name is where $key is kept, and nowhere else", ({ key, name }) => {
    expect(keptIn(key)).toEqual([placeOfName(config, name, A)])
  })

  it("an image that nobody changes is everywhere", () => {
    expect(placeOfName(config, "image", A)).toBe("any")
    expect(keptIn("image")).toEqual(everywhere)
  })

  it.each([
    {
      what: "its own rate",
      change: { exports: { image: { file: "/image", readOnly: true, bytesPerSecond: "1 MiB/s" } } }
    },
    { what: "a rate of its clients", change: { limits: { requestsPerSecond: 100 } } }
  ])("an image with $what is in one process", ({ change }) => {
    const rated = Either.getOrThrow(decodeConfig("test", {
      processes: 3,
      exports: { a: { memory: "1 MiB" }, b: { memory: "1 MiB" }, image: { file: "/image", readOnly: true } },
      ...change
    }))
    const place = placeOfName(rated, "image", A)
    expect(everywhere.filter((one) => isKeptIn(one, rated, "image"))).toEqual([place])
    // a client with a rate is one client at all static exports
    if ("limits" in change) expect(["a", "b"].map((name) => placeOfName(rated, name, A))).toEqual([place, place])
    const unrated = { ...rated, limits: config.limits, exports: { image: config.exports["image"] } }
    expect(movedExport(unrated, rated)).toBe("image")
    expect(movedExport(rated, rated)).toBeNull()
  })

  it("a name is the same store from any address, a store for each address is not", () => {
    expect(placeOfName(config, "swap-pc7", A)).toBe(placeOfName(config, "swap-pc7", B))
    const addresses = Array.from({ length: 30 }, (_, i) => `192.168.67.${i}`)
    const places = addresses.map((address) => placeOfName(config, "swap", address))
    expect(new Set(places)).toEqual(new Set(everywhere))
  })

  it("no process has more than half of thirty clients of three", () => {
    const counts = everywhere.map((place) =>
      Array.from({ length: 30 }, (_, i) => placeOfKey(`swap@192.168.67.${10 + i}`, 3)).filter((of) => of === place)
        .length
    )
    expect(Math.max(...counts)).toBeLessThanOrEqual(15)
  })

  it.each([
    {
      what: "GO",
      option: Option.Go,
      data: encodeInfoRequest({ name: "disk", infos: [] }),
      place: placeOfKey("disk", 3)
    },
    { what: "EXPORT_NAME", option: Option.ExportName, data: Buffer.from("disk"), place: placeOfKey("disk", 3) },
    { what: "a name that is not there", option: Option.ExportName, data: Buffer.from("no"), place: "any" },
    { what: "LIST", option: Option.List, data: Buffer.alloc(0), place: "any" },
    { what: "STARTTLS", option: Option.StartTls, data: Buffer.alloc(0), place: "any" },
    { what: "STRUCTURED_REPLY", option: Option.StructuredReply, data: Buffer.alloc(0), place: null },
    { what: "a GO that is cut short", option: Option.Go, data: Buffer.alloc(3), place: null },
    { what: "too much data", option: Option.Go, data: null, place: null }
  ])("$what is answered by $place", ({ data, option, place }) => {
    expect(placeOfOption(config, { kind: "option", option, data }, A)).toBe(place)
  })
})
