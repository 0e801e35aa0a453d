// Every profile that ships can be a load, and the command line takes its name.
import { Either } from "effect"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { PROFILE_NAMES, scenarioOf } from "../src/load/profiles.ts"
import { load } from "../src/real-server/options.ts"
import { SCENARIOS } from "./workspace.ts"

const shipped = readdirSync(join(SCENARIOS, "profiles")).map((file) => file.replace(/\.yaml$/, ""))

it("profiles of scenarios/profiles, and stream", () => {
  expect([...PROFILE_NAMES].toSorted()).toEqual([...shipped, "stream"].toSorted())
})

it.each(PROFILE_NAMES)("%s is a name on the command line, and a scenario", (profile) => {
  expect(JSON.stringify(load.options.profile)).toContain(`"${profile}"`)
  const loaded = Either.getOrThrow(scenarioOf({ profile, clients: 3, forText: "5 s", seed: 1, ram: undefined }))
  expect(loaded.scenario.clients.map(({ count, root }) => [count, root ?? null])).toEqual([[3, null]])
})
