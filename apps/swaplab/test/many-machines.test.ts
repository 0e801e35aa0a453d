// The parts of --cluster that need no Postgres: addresses, jobs as text, signatures, who gets a job, what the watchdog sees.
import { Runner as Member } from "@effect/cluster/Runner"
import { RunnerAddress } from "@effect/cluster/RunnerAddress"
import { decodeScenario } from "@swaplab/cluster"
import { Board, type Job, NOT_BEGUN, RunFailure } from "@swaplab/experiment"
import { Deferred, Effect, Either, Redacted } from "effect"
import { createHmac } from "node:crypto"
import { describe, expect, it } from "vitest"
import { AskedJobs } from "../src/many-machines/asked-jobs.ts"
import type { JobRows } from "../src/many-machines/job-rows.ts"
import { isSigned, type Joined } from "../src/many-machines/join.ts"
import { Placement } from "../src/many-machines/placement.ts"
import { jobOf, Refused, specOf } from "../src/many-machines/run-entity.ts"
import { SHARDS, WATCHDOG_S } from "../src/many-machines/settings.ts"
import { parseClusterUrl } from "../src/many-machines/url.ts"
import { WorkerJobs } from "../src/many-machines/worker-jobs.ts"

const at = Either.getOrThrow(parseClusterUrl("postgres://me:secret@db:5433/runs?sslmode=verify-full"))
const joinedWith = (token: string): Joined => ({
  at,
  engine: "1.0.0+a",
  sign: (key, content) => createHmac("sha256", token).update(key).update(content).digest()
})
const joined = joinedWith("right")

const job: Job = {
  id: 7,
  loaded: Either.getOrThrow(decodeScenario("a.yaml", {
    name: "a",
    duration: "1 s",
    kernels: { k: { allocator: "slub", base: "v3.6" } },
    clients: [{ name: "client", ram: "8 MiB", swap: "40 MiB", workload: { usemem: { size: "1 MiB" } } }]
  })),
  kernel: "k",
  seed: 3,
  field: [0],
  checked: true,
  earlyStop: { thresholds: [{ metric: "elapsed", comparison: "<", value: 5 }], lockup: true }
}

describe("the address", () => {
  it("is shown without user and password, and says what sslmode means in libpq", () => {
    expect(at.shown).toBe("postgres://db:5433/runs")
    expect(at.plain).toBe(false)
    expect(Redacted.value(at.url)).toContain("uselibpqcompat=true")
  })

  it.each([
    ["postgres://db/runs", true],
    ["postgres://db/runs?sslmode=disable", true],
    ["postgres://db/runs?sslmode=require", false],
    ["postgres://localhost/runs", false],
    ["postgres://127.0.0.2:1/runs", false],
    ["postgres://me@/runs?host=/run/postgresql", false]
  ])("%s goes over a network in the clear: %s", (url, plain) => {
    expect(Either.map(parseClusterUrl(url), (read) => read.plain)).toEqual(Either.right(plain))
  })
})

describe("a job as text", () => {
  const { key, spec } = specOf("1.0.0+a", job)

  it("is the same job at the other end", () => {
    const { id: _id, field: _field, loaded, ...rest } = job
    expect(jobOf("1.0.0+a", spec)).toMatchObject({ right: { ...rest, loaded: { scenario: loaded.scenario } } })
  })

  it("has a key that differs with build, scenario, kernel and seed, and with nothing else", () => {
    expect(specOf("1.0.0+a", { ...job, id: 8, field: null }).key).toBe(key)
    expect(specOf("1.0.0+b", job).key).not.toBe(key)
    expect(specOf("1.0.0+a", { ...job, seed: 4 }).key).not.toBe(key)
    expect(specOf("1.0.0+a", { ...job, kernel: "l" }).key).not.toBe(key)
    const { checked: _checked, ...unchecked } = job
    expect(specOf("1.0.0+a", unchecked).key).not.toBe(key)
  })

  it.each<readonly [what: string, spec: string, reason: RegExp]>([
    [
      "of another build",
      specOf("1.0.0+b", job).spec,
      /asked by swaplab 1\.0\.0\+b, and this worker is swaplab 1\.0\.0\+a/
    ],
    [
      "with a kernel that is not there",
      specOf("1.0.0+a", { ...job, kernel: "l" }).spec,
      /no kernel of the scenario: l/
    ],
    ["that is no JSON", "process.exit(1)", /no job/],
    [
      "with something that is no scenario",
      spec.replace("8 MiB", "8 apples"),
      /no scenario: .*clients\[0\]\.ram.*8 apples/
    ],
    ["with a code instead of a threshold", spec.replace("\"<\"", "\"eval\""), /no job/]
  ])("%s is refused", (_what, text, reason) => {
    const read = jobOf("1.0.0+a", text)
    expect(Either.isLeft(read) && read.left instanceof Refused && read.left.message).toMatch(reason)
  })
})

describe("signatures", () => {
  it("are of a token, a job and its content", () => {
    const mac = joined.sign("key", "content")
    expect(isSigned(joined, "key", "content", mac)).toBe(true)
    expect(isSigned(joined, "other", "content", mac)).toBe(false)
    expect(isSigned(joined, "key", "content!", mac)).toBe(false)
    expect(isSigned(joined, "key", "content", mac.subarray(1))).toBe(false)
    expect(isSigned(joinedWith("wrong"), "key", "content", mac)).toBe(false)
  })
})

describe("who gets a job", () => {
  const member = (host: string, weight: number) =>
    new Member({ address: new RunnerAddress({ host, port: 1 }), groups: ["default"], weight })
  /** A hash that spreads well enough. */
  const shardOf = (entity: string): number => {
    let hash = 7
    for (const character of entity) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) >>> 0
    return hash % SHARDS + 1
  }

  it("is the worker with the fewest for its cores", () => {
    const placement = new Placement(shardOf)
    placement.members = [member("large", 3), member("small", 1)]
    expect([placement.workers, placement.cores]).toEqual([2, 4])
    const ends = Array.from({ length: 40 }, (_, i) => placement.begin(placement.entityFor(`job-${i}`)))
    expect(placement.jobsOf(member("large", 3).address)).toBe(30)
    expect(placement.jobsOf(member("small", 1).address)).toBe(10)
    for (const end of ends) end()
    expect(placement.jobsOf(member("large", 3).address)).toBe(0)
  })

  it("is anybody where no worker is known", () => {
    expect(new Placement(shardOf).entityFor("job")).toBe("job.0")
  })
})

/** Rows that say what a test gives them, and remember what they were asked. */
const rowsOf = (given: Partial<JobRows>): JobRows => given as JobRows

describe("the watchdog", () => {
  const seen = { key: "key", fence: 1, simulatedNs: 5, events: 9, clientsAlive: 1, clients: 1, done: false }
  const asked = (board: Board) => ({
    key: "key",
    entity: "key.0",
    id: 0,
    board,
    gone: Effect.runSync(Deferred.make<void>())
  })

  it("gives a job out again that no work is done on, and leaves others alone", () => {
    const again: Array<string> = []
    let events = 0
    const jobs = new AskedJobs(
      rowsOf({ look: () => Effect.succeed([{ ...seen, events }]) }),
      (entity) => Effect.sync(() => void again.push(entity))
    )
    jobs.add(asked(new Board(1)))
    for (let i = 0; i < 2 * WATCHDOG_S; i++) {
      events++
      Effect.runSync(jobs.look)
    }
    expect(again).toEqual([])
    for (let i = 0; i <= WATCHDOG_S; i++) Effect.runSync(jobs.look)
    expect(again).toEqual(["key.0"])
  })

  it("shows how far a job is, passes a stop on, and sees that somebody else has fetched it", () => {
    const stopped: Array<string> = []
    let rows = [seen]
    const board = new Board(1)
    const job = asked(board)
    const jobs = new AskedJobs(
      rowsOf({ look: () => Effect.succeed(rows), stop: (keys) => Effect.sync(() => stopped.push(...keys)) }),
      () => Effect.void
    )
    jobs.add(job)
    Effect.runSync(jobs.look)
    expect(board.progress(0)).toMatchObject({ simulatedNs: 5, events: 9 })
    expect(stopped).toEqual([])
    board.stop()
    Effect.runSync(jobs.look)
    expect(stopped).toEqual(["key"])
    expect(Effect.runSync(Deferred.isDone(job.gone))).toBe(false)
    rows = []
    Effect.runSync(jobs.look)
    expect(Effect.runSync(Deferred.isDone(job.gone))).toBe(true)
  })
})

describe("a worker", () => {
  const { key, spec } = specOf("1.0.0+a", job)
  const mac = joined.sign(key, spec)
  const runner = (run: () => Effect.Effect<typeof NOT_BEGUN, RunFailure>) => ({ size: 1, run })

  it("takes no job without the token", async () => {
    const jobs = new WorkerJobs(joined, rowsOf({}), runner(() => Effect.dieMessage("must not run")))
    const wrong = joinedWith("wrong").sign(key, spec)
    const error = await Effect.runPromise(Effect.flip(jobs.run({ key, spec, mac: wrong })))
    expect(error.message).toBe("a job that was not signed with the token of the cluster")
  })

  it("makes a job once, however often it is asked for at a time, and writes under its fence", async () => {
    const written: Array<readonly [string, number]> = []
    let runs = 0
    const jobs = new WorkerJobs(
      joined,
      rowsOf({
        begin: () => Effect.succeed({ key, fence: 4, stop: false }),
        finish: (of, fence) => Effect.sync(() => written.push([of, fence]) > 0)
      }),
      runner(() => Effect.zipRight(Effect.yieldNow(), Effect.sync(() => (runs++, NOT_BEGUN))))
    )
    await Effect.runPromise(
      Effect.all([jobs.run({ key, spec, mac }), jobs.run({ key, spec, mac })], { concurrency: 2 })
    )
    expect({ runs, written }).toEqual({ runs: 1, written: [[key, 4]] })
  })

  it("passes on that a run has failed", async () => {
    const failure = new RunFailure({ kernel: "k", seed: 3, reason: "an assertion", stack: "" })
    const jobs = new WorkerJobs(
      joined,
      rowsOf({ begin: () => Effect.succeed({ key, fence: 1, stop: false }) }),
      runner(() => failure)
    )
    expect(await Effect.runPromise(Effect.flip(jobs.run({ key, spec, mac })))).toEqual(failure)
  })

  it("ends a job that another one has begun meanwhile", async () => {
    const board = await new Promise<Board>((resolve) => {
      const jobs = new WorkerJobs(
        joined,
        rowsOf({
          begin: () => Effect.succeed({ key, fence: 1, stop: false }),
          report: () => Effect.succeed(new Map())
        }),
        {
          size: 1,
          run: (_job, of) =>
            Effect.zipRight(Effect.forkDaemon(Effect.zipRight(jobs.tell, Effect.sync(() => resolve(of)))), Effect.never)
        }
      )
      void Effect.runPromise(jobs.run({ key, spec, mac }))
    })
    expect(board.stopped).toBe(true)
  })
})
