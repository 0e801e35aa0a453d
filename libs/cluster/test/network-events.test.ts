// A network computes what has happened when somebody asks (libs/lan/src/lan.ts). With a tap, and where it must, it has an event
// for every hop instead. Nobody may be able to tell the two apart by anything but the number of events. `npm run every-hop` tries
// 200 scenarios; `npm test` the first 40.
import { NO_HOOKS, runCluster, type RunResult } from "@swaplab/cluster"
import { expect, it } from "vitest"
import { variedScenario } from "./varied-scenarios.ts"

const SCENARIOS = Number(process.env["SWAPLAB_HOP_SCENARIOS"] ?? 40)

const run = (number: number, everyHop: boolean): RunResult => {
  const { kernel, of, seed } = variedScenario(number)
  return runCluster(of, kernel, seed, {
    ...NO_HOOKS,
    ...(everyHop && { built: ({ lan }) => lan.watch() })
  })
}

/** All figures of a run but those that count events. */
const figures = (result: RunResult): string => JSON.stringify({ ...result, events: 0, fingerprint: "" })

it(`${SCENARIOS} scenarios have the same figures with an event for every hop and without`, () => {
  const differ: Array<number> = []
  let saved = 0
  const drops = new Set<string>()
  const uplinks = { frames: 0, noRoom: 0, paused: 0, unplugged: 0, second: 0 }
  for (let number = 1; number <= SCENARIOS; number++) {
    const watched = run(number, true)
    const asked = run(number, false)
    if (figures(watched) !== figures(asked)) differ.push(number)
    saved += watched.events - asked.events
    for (const { network } of asked.clients) {
      for (const [site, count] of Object.entries(network.port.drops)) if (count > 0) drops.add(site)
    }
    for (const { down, name, up } of [...asked.network.uplinks, ...asked.network.members]) {
      uplinks.frames += up.deliveredFrames
      uplinks.noRoom += up.noRoom + down.noRoom
      uplinks.paused += up.pausedNs + down.pausedNs
      uplinks.unplugged += up.unplugged + down.unplugged
      if (name.endsWith(".2")) uplinks.second += up.deliveredFrames
    }
  }
  expect(differ).toEqual([])
  expect(saved).toBeGreaterThan(SCENARIOS * 5_000)
  // the scenarios are not all peaceful, and not all of them are a star
  for (const count of Object.values(uplinks)) expect(count).toBeGreaterThan(0)
  expect([...drops]).toEqual(expect.arrayContaining(["lostIn", "lostOut", "rxMissed", "switchBuffer", "unplugged"]))
})
