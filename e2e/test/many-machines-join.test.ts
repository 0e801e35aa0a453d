// Who may join a cluster, and how: tokens, TLS, a command that comes before the workers; and who may write a result.
import { execFileSync } from "node:child_process"
import { chmodSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { fileWith, root, scratch, swaplab } from "../src/command.ts"
import { giveToPostgres, left, type Postgres, startPostgres, titled } from "../src/postgres.ts"
import { tiny } from "../src/tiny.ts"
import { startUntil, startWorker } from "../src/workers.ts"

const sweep = ["-x", "clients.0.ram=8MiB,9MiB", "--seeds", "2"]

describe.skipIf(left)(titled("with a Postgres"), () => {
  let postgres: Postgres
  const token = fileWith("0123456789abcdef\n", "token")
  beforeAll(() => {
    postgres = startPostgres()
  })
  afterAll(() => postgres?.stop())

  it("says that no worker is there, and goes on as soon as there is one", async () => {
    const args = ["sweep", tiny(), ...sweep, "--cluster", postgres.url, "--token-file", token]
    const asked = await startUntil(/no worker is there; waits for one: swaplab worker --cluster/, args)
    const worker = await startWorker("--cluster", postgres.url, "--token-file", token)
    expect(await asked.ended).toBe(0)
    // a worker that is asked to leave does so at once, and takes itself off the list
    expect(await worker.kill("SIGTERM")).toBe(130)
    expect(postgres.ask("select count(*) from swaplab_runners")).toBe("0")
  })

  it.each([
    [
      "another one",
      ["--token-file", fileWith("fedcba9876543210\n", "token")],
      /is not the token that the cluster was begun with/
    ],
    ["none", [], /the cluster asks for a token, expected --token-file FILE/],
    ["a short one", ["--token-file", fileWith("short\n", "token")], /expected one line of 16 to 200 characters/],
    ["a file that is not there", ["--token-file", "/nowhere"], /--token-file \/nowhere: .*ENOENT/]
  ])("asks for the token that the first one had: %s", async (_what, args, words) => {
    const worker = await swaplab(["worker", "--cluster", postgres.url, ...args])
    expect(worker).toMatchObject({ code: 2, stderr: expect.stringMatching(words) })
    const asked = await swaplab(["sweep", tiny(), ...sweep, "--cluster", postgres.url, ...args])
    expect(asked).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(words) })
  })

  it("lets only the latest fence write, and once", async () => {
    const built = (path: string) => import(join(root, "apps/swaplab/dist/many-machines", path))
    const [{ layerDatabase }, { parseClusterUrl }, { jobRows }] = await Promise.all([
      built("database.js"),
      built("url.js"),
      built("job-rows.js")
    ])
    const { Effect, Either } = await import(["effect"].join(""))
    const database = layerDatabase(Either.getOrThrow(parseClusterUrl(postgres.url)))
    /** Asks rows in a connection of its own. */
    const ask = (
      what: (rows: Record<string, (...of: ReadonlyArray<unknown>) => unknown>) => unknown
    ): Promise<unknown> => Effect.runPromise(Effect.provide(Effect.flatMap(jobRows, what), database))
    const result = (text: string) => ({ result: Buffer.from(text), mac: Buffer.from("mac") })
    const key = "k"
    const found = {
      entities: [
        await ask((rows) => rows["put"]!({ key, entity: "k.0" })),
        await ask((rows) => rows["put"]!({ key, entity: "k.1" }))
      ],
      fences: [await ask((rows) => rows["begin"]!({ key })), await ask((rows) => rows["begin"]!({ key }))],
      written: [
        await ask((rows) => rows["finish"]!(key, 1, result("frozen"))),
        await ask((rows) => rows["finish"]!(key, 2, result("right"))),
        await ask((rows) => rows["finish"]!(key, 2, result("twice")))
      ],
      begunAgain: await ask((rows) => rows["begin"]!({ key })),
      fetched: await ask((rows) => rows["fetch"]!({ key })),
      gone: [await ask((rows) => rows["drop"]!([key])), await ask((rows) => rows["fetch"]!({ key }))][1]
    }
    expect(found).toEqual({
      entities: [{ key, entity: "k.0" }, { key, entity: "k.0" }],
      fences: [{ key, fence: 1, stop: false }, { key, fence: 2, stop: false }],
      written: [false, true, false],
      begunAgain: null,
      fetched: { key, ...result("right") },
      gone: null
    })
  })
})

describe.skipIf(left)(titled("with a Postgres that speaks TLS"), () => {
  it("is joined over TLS, and not where its certificate is of nobody who is known", async () => {
    const pki = scratch()
    const [certificate, key] = [join(pki, "cert.pem"), join(pki, "key.pem")]
    const words = `req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout ${key} -out ${certificate}`
    const names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    execFileSync("openssl", [...words.split(" "), ...names], { stdio: "ignore" })
    chmodSync(pki, 0o755)
    giveToPostgres(key)
    const port = await new Promise<number>((resolve) => {
      const server = createServer().listen(0, "127.0.0.1", () => {
        const address = server.address()
        server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
      })
    })
    const postgres = startPostgres({
      listen_addresses: "127.0.0.1",
      port: String(port),
      ssl: "on",
      ssl_cert_file: certificate,
      ssl_key_file: key
    })
    try {
      const at = `postgres://swaplab@127.0.0.1:${port}/swaplab?sslmode`
      const trusted = `${at}=verify-full&sslrootcert=${certificate}`
      const worker = await startWorker("--cluster", trusted)
      try {
        expect(
          postgres.ask("select bool_and(ssl) from pg_stat_ssl join pg_stat_activity using (pid) where client_port > 0")
        )
          .toBe("t")
        const { code, stderr } = await swaplab(["sweep", tiny(), ...sweep, "--cluster", trusted])
        expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringMatching(/warning|TLS/i) })
        const untrusted = await swaplab(["sweep", tiny(), ...sweep, "--cluster", `${at}=verify-full`])
        expect(untrusted).toMatchObject({
          code: 2,
          stderr: expect.stringMatching(/cannot be used: self-signed certificate/)
        })
      } finally {
        await worker.kill()
      }
    } finally {
      postgres.stop()
    }
  })
})
