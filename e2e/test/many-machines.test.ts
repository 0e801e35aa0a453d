// swaplab sweep and its like on workers of a cluster: the same results as on one machine, and clear words where something is wrong.
import { readFileSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { execute, fileWith, main, root, scratch, swaplab } from "../src/command.ts"
import { commandsIn } from "../src/how-to.ts"
import { left, type Postgres, startPostgres, titled } from "../src/postgres.ts"
import { filesOf } from "../src/results.ts"
import { tiny } from "../src/tiny.ts"
import { type Going, startWorker } from "../src/workers.ts"

describe("mistakes, without a Postgres", () => {
  const sweep = (...args: ReadonlyArray<string>) => swaplab(["sweep", tiny(), "-x", "clients.0.ram=8MiB,9MiB", ...args])

  it.each([
    ["nonsense", "--cluster: is no URL"],
    ["http://host/db", "--cluster: begins with http:"],
    ["postgres:///db", "--cluster: has no host"],
    ["postgres://host", "--cluster: has no database"],
    ["postgres://host/db?sslmode=perhaps", "--cluster: sslmode=perhaps, expected one of disable"],
    ["postgres:///db?host=/nowhere", "--cluster postgres:///nowhere/db: cannot be used: connect ENOENT"]
  ])("%s: %s", async (url, words) => {
    const { code, stderr } = await sweep("--cluster", url, "--out", join(scratch(), "out"))
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(`swaplab: ${words}`) })
  })

  it("keeps the password to itself", async () => {
    const { code, stderr } = await sweep("--cluster", "postgres://me:secret@127.0.0.1:1/db")
    expect(code).toBe(2)
    expect(stderr).toMatch(/^swaplab: --cluster postgres:\/\/127\.0\.0\.1:1\/db: cannot be used: .*ECONNREFUSED/)
    expect(stderr).not.toContain("secret")
  })

  it("wants a cluster for a token, and no threads of its own with one", async () => {
    const token = fileWith("0123456789abcdef\n", "token")
    expect(await sweep("--token-file", token)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("expected --cluster")
    })
    expect(await sweep("--workers", "2", "--cluster", "postgres://host/db")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--workers 2: expected none with --cluster")
    })
    expect(await swaplab(["worker"])).toMatchObject({ code: 2, stderr: "swaplab: worker: expected --cluster URL\n" })
  })
})

describe.skipIf(left)(titled("with a Postgres"), () => {
  let postgres: Postgres
  let worker: Going
  beforeAll(async () => {
    postgres = startPostgres({ shared_preload_libraries: "pg_stat_statements" })
    postgres.ask("create extension pg_stat_statements")
    worker = await startWorker("--cluster", postgres.url)
  })
  afterAll(async () => {
    await worker?.kill()
    postgres?.stop()
  })

  it("gives what one machine gives, byte for byte, and leaves nothing in Postgres", async () => {
    const file = tiny()
    const commands = [
      ["sweep", file, "-x", "clients.0.ram=8MiB,9MiB", "--seeds", "2"],
      ["capacity", file, "--to", "2", "--sure", "50%", "--holds", "50%"],
      ["ablate", file, "--patch", "throttle", "--seeds", "1"],
      ["soak", "--runs", "2"]
    ]
    for (const [command = "", ...args] of commands) {
      const [one, many] = [scratch(), scratch()]
      const here = await swaplab([command, ...args, "--workers", "1", "--out", one])
      const there = await swaplab([command, ...args, "--cluster", postgres.url, "--out", many])
      expect(there.stderr, command).toMatch(/: 1 worker with 1 core\n/)
      expect([there.code, there.stdout], command).toEqual([here.code, here.stdout])
      expect(filesOf(many), command).toEqual(filesOf(one))
    }
    expect(postgres.ask("select count(*) from swaplab_jobs")).toBe("0")
    expect(postgres.ask("select count(*) from swaplab_messages")).toBe("0")
    expect(postgres.ask("select count(*) from swaplab_replies")).toBe("0")
  })

  it("asks Postgres six things a job, for many jobs three more, and else looks now and then", async () => {
    postgres.ask("select pg_stat_statements_reset()")
    const axis = ["-x", "clients.0.ram=8MiB,9MiB"]
    const { code } = await swaplab(["sweep", tiny(), ...axis, "--seeds", "30", "--cluster", postgres.url])
    expect(code).toBe(0)
    /** Statements that begin so, by how often they were made. */
    const calls = (...begin: ReadonlyArray<string>) =>
      begin.map((words) =>
        Number(postgres.ask(`select coalesce(sum(calls), 0) from pg_stat_statements where query ilike '${words}%'`))
      )
    // each in a transaction of its own, or two in one
    expect(calls("insert into \"swaplab_messages", "update swaplab_jobs set result", "insert into \"swaplab_replies"))
      .toEqual(
        [60, 60, 60]
      )
    expect(calls("update \"swaplab_messages\" set processed")).toEqual([60])
    // one for each job where jobs come one by one, and one for all that come together
    for (const times of calls("insert into swaplab_jobs", "update swaplab_jobs set fence", "select key, result")) {
      expect(times).toBeGreaterThan(0)
      expect(times).toBeLessThanOrEqual(60)
    }
  })

  it("turns away whoever has another token", async () => {
    const token = fileWith("0123456789abcdef\n", "token")
    const { code, stderr } = await swaplab(["worker", "--cluster", postgres.url, "--token-file", token])
    expect(code).toBe(2)
    expect(stderr).toMatch(/^swaplab: --token-file .*token: the cluster was begun without a token/)
  })

  it("does what the page says", async () => {
    const folder = scratch()
    for (const name of ["scenarios", "node_modules"]) symlinkSync(join(root, name), join(folder, name))
    const other = startPostgres()
    try {
      const script = commandsIn("docs/how-to/many-machines.md")
        .replace(/^export CLUSTER=.*$/m, `export CLUSTER='${other.url}'`).replaceAll("npx swaplab", `node ${main}`)
      const quiet = "trap 'kill %1' EXIT\n"
      const { code, stderr } = await execute("bash", ["-euc", `${quiet}${script}`], { cwd: folder })
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/works for .*\n/) })
      const here = scratch()
      const axis = "clients.0.count=1,2"
      const one = await swaplab(["sweep", "scenarios/sweep-quick.yaml", "-x", axis, "--seeds", "2", "--out", here])
      expect(readFileSync(join(folder, "out-many.txt"), "utf8")).toBe(one.stdout)
      expect(filesOf(join(folder, "out/many"))).toEqual(filesOf(here))
    } finally {
      other.stop()
    }
  })

  it("refuses another build, with both versions named", async () => {
    // one of the other build that is sure to be there: the real one ends as soon as it sees the other version
    postgres.ask(
      "insert into swaplab_runners (address, runner, last_heartbeat) values ('other:1', '{}', now() + interval '1 hour')"
    )
    postgres.ask("update swaplab_cluster set engine = '0.0.9+cafe'")
    const { code, stderr } = await swaplab([
      "sweep",
      tiny(),
      "-x",
      "clients.0.ram=8MiB,9MiB",
      "--cluster",
      postgres.url
    ])
    expect(code).toBe(2)
    expect(stderr).toMatch(
      /: this is swaplab 0\.1\.0\+[0-9a-f]{12}, and its workers are swaplab 0\.0\.9\+cafe: expected the same/
    )
  })
})
