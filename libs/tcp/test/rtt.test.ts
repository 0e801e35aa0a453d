// Round trips and the time-out that follows from them, in ticks of 1 ms: every rule of the estimator at its limits.
import { srttNs, ticks, validRttMeas } from "#src/rtt.ts"
import { describe, expect, it } from "vitest"
import { MS, Script } from "./script.ts"

describe("a measured round trip", () => {
  it.each([
    // the first: three round trips, at least 200 ms and the round trip itself
    { samples: [0], srtt: 8, mdev: 2, rto: 201 },
    { samples: [1], srtt: 8, mdev: 2, rto: 201 },
    { samples: [10], srtt: 80, mdev: 20, rto: 210 },
    { samples: [100], srtt: 800, mdev: 200, rto: 300 },
    { samples: [500], srtt: 4000, mdev: 1000, rto: 1500 },
    // a longer one: an eighth and a quarter of it, in whole eighths and quarters
    { samples: [10, 50], srtt: 120, mdev: 55, rto: 215 },
    { samples: [10, 50, 500], srtt: 605, mdev: 527, rto: 602 },
    // a shorter one raises the deviation by an eighth only, and lowers it as any other
    { samples: [80, 8], srtt: 568, mdev: 164, rto: 271 },
    { samples: [80, 79], srtt: 639, mdev: 121, rto: 279 },
    { samples: [10, 1], srtt: 71, mdev: 20 + (4 >> 3), rto: 208 },
    { samples: [800, 1], srtt: 5601, mdev: 1600 + ((799 - 400) >> 3), rto: 2349 },
    // at most 120 s
    { samples: [50_000], srtt: 400_000, mdev: 100_000, rto: 120_000 }
  ])("of $samples: $srtt/8, deviation $mdev/4, time-out $rto ms", ({ mdev, rto, samples, srtt }) => {
    const { client } = new Script()
    client.backoff = 3
    for (const sample of samples) validRttMeas(client, sample)
    expect([client.srtt, client.mdev, client.rto / MS, client.backoff]).toEqual([srtt, mdev, rto, 0])
    expect(srttNs(client)).toBe((srtt >> 3) * MS)
  })

  it("the largest deviation holds the time-out up, and comes down by a quarter each round of data", () => {
    const { client } = new Script()
    const measure = (sample: number, sndUna: number): number => {
      client.sndUna = sndUna
      client.sndNxt = sndUna + 10
      validRttMeas(client, sample)
      return client.rttvar
    }
    // rounds end beyond what was sent when they began
    expect(measure(100, 0)).toBe(200)
    expect(measure(500, 5)).toBe(550)
    expect([client.mdevMax, measure(150, 6)]).toEqual([550, 550])
    expect(measure(150, 10)).toBe(550)
    // this round: nothing to forget, because the largest was in it; then the bound is 200 again
    expect([measure(150, 11), client.mdevMax]).toEqual([550, 200])
    const before = client.mdevMax
    expect(measure(150, 22)).toBe(550 - ((550 - Math.max(before, client.mdev)) >> 2))
  })

  it("counts in ticks", () => {
    const { client } = new Script({ hz: 250 })
    expect([ticks(client, 0), ticks(client, 4 * MS - 1), ticks(client, 4 * MS)]).toEqual([0, 0, 1])
    validRttMeas(client, 2)
    expect([client.srtt, client.rto]).toEqual([16, 208 * MS])
  })
})
