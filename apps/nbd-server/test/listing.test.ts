import type { Mapping } from "@swaplab/config"
import { Effect, Either } from "effect"
import { expect, it } from "vitest"
import { decodeConfig } from "../src/config/load.ts"
import { unknownName } from "../src/exports/listing.ts"
import { Registry } from "../src/exports/registry.ts"

const DESK = "10.0.0.7"

const registryOf = async (values: Mapping): Promise<Registry> => {
  const registry = new Registry(Either.getOrThrow(decodeConfig("test", values)), () => 0, () => {})
  await Effect.runPromise(registry.prepare)
  return registry
}

const listOf = (registry: Registry, address = DESK) =>
  registry.list(address)?.map(({ description, name }) => `${name}: ${description}`)

const TEMPLATES = {
  swap: {
    swap: { size: "512 MiB", per: "address" },
    "swap-*": { size: "1 GiB", keep: true },
    "swap-lab-*": { size: "1 MiB", description: "laboratory", allow: ["10.0.1.0/24"] },
    "*": { size: "2 MiB" }
  }
}

it("lists templates of one name, and of a pattern a name that the client may ask for", async () => {
  const registry = await registryOf({ ...TEMPLATES, exports: { root: { memory: "1 MiB", description: "system" } } })
  expect(listOf(registry)).toEqual([
    "root: system",
    "swap: swap of 512 MiB, for each address",
    "swap-10.0.0.7: swap of 1 GiB, for any name that begins with swap-",
    "10.0.0.7: swap of 2 MiB, for any name"
  ])
  expect(listOf(registry, "10.0.1.1")).toContain(
    "swap-lab-10.0.1.1: laboratory, for any name that begins with swap-lab-"
  )
})

it("gives a store for every name that it lists", async () => {
  const registry = await registryOf(TEMPLATES)
  for (const { name, size } of registry.list(DESK) ?? []) {
    const { served } = await Effect.runPromise(registry.open(name, DESK))
    expect(served.info).toMatchObject({ name, size })
  }
})

it("lists the stores of a client to that client only", async () => {
  const registry = await registryOf(TEMPLATES)
  await Effect.runPromise(registry.open("swap-desk", DESK))
  await Effect.runPromise(registry.open("swap-sofa", DESK))
  const names = (address: string) => registry.list(address)?.map(({ name }) => name)
  expect(names(DESK)).toEqual(["swap", "swap-desk", "swap-sofa", DESK])
  expect(names("10.0.0.8")).toEqual(["swap", "swap-10.0.0.8", "10.0.0.8"])
})

it("lists no name that means something else", async () => {
  const registry = await registryOf({
    swap: { "swap-*": { size: "1 MiB" }, "swap-10.*": { size: "2 MiB" }, "a-*": { size: "1 MiB" } },
    exports: { [`a-${DESK}`]: { memory: "1 MiB" } }
  })
  expect(registry.list(DESK)?.map(({ name, size }) => [name, size])).toEqual([
    [`a-${DESK}`, 1 << 20],
    // the longer pattern has it
    [`swap-10.${DESK}`, 2 << 20]
  ])
})

it("lists nothing where the configuration says so, and tells no names then", async () => {
  const registry = await registryOf({ ...TEMPLATES, list: false })
  expect(registry.list(DESK)).toBe(null)
  expect(registry.unknown("swop", DESK)).toBe("there is no export \"swop\"")
})

it("tells a client that asks for an unknown name which there are for it", async () => {
  const registry = await registryOf({
    swap: { "swap-*": { size: "1 MiB" }, "lab-*": { size: "1 MiB", allow: ["10.0.1.0/24"] } },
    exports: { root: { memory: "1 MiB" } }
  })
  expect(registry.unknown("swop", DESK)).toBe("there is no export \"swop\", there are \"root\", \"swap-*\"")
  await expect(Effect.runPromise(registry.open("lab-1", DESK))).rejects.toThrow(
    "there is no export \"lab-1\", there are \"root\", \"swap-*\""
  )
})

it("says so in a line, however many and however long the names are", () => {
  expect(unknownName("a", [])).toBe("there is no export \"a\"")
  expect(unknownName("a\nb", ["c"])).toBe("there is no export \"a\\nb\", there is \"c\"")
  const many = Array.from({ length: 1000 }, (_, i) => `${i}${"x".repeat(4000)}`)
  const said = unknownName("y".repeat(4000), many)
  expect(said).toMatch(/^there is no export "y{64}\.\.\.", there are "0x{63}\.\.\.", .* and others$/)
  expect(said.length).toBeLessThan(1000)
})
