// A week of an administrator and his clients, in a room of network namespaces, on a small disk. `npm run week` has it with
// thirty clients and seven days; `npm test` with four clients and one day.
// The clock: nothing in the server decides by the time of day (clock.test.ts of apps/nbd-server), so no step of it is made.
import { execFileSync } from "node:child_process"
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync } from "node:fs"
import { statSync, writeFileSync, writeSync } from "node:fs"
import { join } from "node:path"
import { expect } from "vitest"
import { ok } from "../src/peers.ts"
import { managedAt, Reconnecting } from "../src/reconnecting.ts"
import { type Room, withRoom } from "../src/room.ts"
import { fileWith, type RunningServer, runOn, scratch, startServer, type Status } from "../src/server.ts"

const DAYS = Number(process.env["SWAPLAB_WEEK_DAYS"] ?? 1)
const CLIENTS = Number(process.env["SWAPLAB_WEEK_CLIENTS"] ?? 4)
const PAGES = 512
const DISK_MIB = 16 + CLIENTS * 4
const FIRST_HOST = 11

/** A machine with swap, and the book of what it was answered for, which outlives its power cuts. */
class Machine {
  readonly name: string
  readonly host: number
  client: Reconnecting
  readonly #room: Room
  readonly #book: string

  constructor(room: Room, i: number) {
    this.name = `swap-${i}`
    this.host = FIRST_HOST + i
    this.#room = room
    this.#book = fileWith("", `book-${i}`)
    this.client = this.start()
  }

  start(): Reconnecting {
    return this.client = new Reconnecting(`nbd://10.99.0.1:10809/${this.name}`, this.host, 16, PAGES, 4, {
      book: this.#book,
      netns: this.#room.plug(this.host),
      pauseMs: CLIENTS
    })
  }

  /** The power is gone: the wire first, so that nobody hears of it. */
  powerCut(): void {
    this.#room.cut(this.host)
    this.client.signal("SIGKILL")
  }
}

/** Events since now, by name. */
const next = (
  server: RunningServer,
  name: string,
  matches: (event: RunningServer["events"][number]) => boolean = () => true
) => {
  const seen = server.events.length
  return server.until(() => server.events.slice(seen).find((event) => event.event === name && matches(event)))
}

const certificate = (folder: string): Promise<string> =>
  ok(
    "openssl",
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-days",
    "2",
    "-subj",
    "/CN=s",
    "-keyout",
    join(folder, "key.pem"),
    "-out",
    join(folder, "cert.pem")
  )

withRoom("nbdsh", "python3", "openssl", "mount")(
  "nothing that was answered for is lost, and nothing is left behind",
  async (room) => {
    const [folder, disk] = [scratch(), join(scratch(), "disk")]
    mkdirSync(disk)
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_MIB}m`, "tmpfs", disk])
    try {
      const swap = join(disk, "swap")
      mkdirSync(swap)
      const image = join(folder, "root.img")
      writeFileSync(image, Buffer.alloc(65_536, 1))
      await certificate(folder)
      const server = await startServer(
        `
metrics: 127.0.0.1:10810
limits: { deadAfter: 3 s }
tls: { mode: optional, certificate: ${folder}/cert.pem, key: ${folder}/key.pem }
exports: { root: { file: ${image}, readOnly: true } }
swap: { swap-*: { size: 64 MiB, store: file, directory: ${swap}, keep: true } }
`,
        {
          shell: (command) =>
            `exec ${room.on(room.server)} sh -c ${JSON.stringify(managedAt("10.99.0.1", 10_809).shell(command))}`
        }
      )
      const config = String(server.child.spawnargs.at(-1)).match(/--config'? '([^']+)'/)?.[1] ?? ""
      const machines = Array.from({ length: CLIENTS }, (_, i) => new Machine(room, i))
      await Promise.all(machines.map(({ client }) => client.ready))
      /** All machines are at work again after this. */
      const restarted = async (signal: NodeJS.Signals) => {
        const seen = server.events.length
        server.child.kill(signal)
        const back = () => server.events.slice(seen).filter(({ event }) => event === "attached").length >= CLIENTS
        await server.until(() => back() || undefined)
      }
      /** The first byte of the image, as a new client gets it. */
      const rootByte = (i: number) =>
        runOn(room.on(room.server), "nbdsh", [
          "-c",
          "h.connect_uri('nbd://10.99.0.1:10809/root')",
          "-c",
          "print(h.pread(1, 0)[0]); h.shutdown()"
        ]).then((text) => expect(text).toBe(`${i}\n`))
      let fill = 1

      const days: ReadonlyArray<(day: number) => Promise<void>> = [
        () => restarted("SIGHUP"),
        async (day) => {
          const cut = machines[day % CLIENTS]
          const gone = next(server, "detached", ({ export: name }) => name === cut.name)
          cut.powerCut()
          await gone
          await cut.start().ready
        },
        async () => {
          const refused = next(server, "requests refused")
          const filler = openSync(join(disk, "filler"), "w")
          try {
            for (;;) writeSync(filler, Buffer.alloc(65_536, 1))
          } catch {
            // no space left: that is what it is for
          }
          await refused
          closeSync(filler)
          rmSync(join(disk, "filler"))
        },
        async () => {
          writeFileSync(`${image}.new`, Buffer.alloc(65_536, ++fill))
          renameSync(`${image}.new`, image)
          await rootByte(fill)
        },
        async () => {
          await certificate(folder)
          const reloaded = next(server, "reloaded")
          server.child.kill("SIGUSR2")
          await reloaded
        },
        async () => {
          const good = readFileSync(config, "utf8")
          writeFileSync(config, good.replace("64 MiB", "64 MB"))
          const not = next(server, "not reloaded")
          server.child.kill("SIGUSR2")
          expect(String((await not)["why"])).toMatch(/64 MB/)
          writeFileSync(config, good)
        },
        () => restarted("SIGUSR1")
      ]
      for (let day = 0; day < DAYS; day++) for (const happens of days) await happens(day)

      for (const seen of await Promise.all(machines.map(({ client }) => client.finish()))) {
        expect(seen).toMatchObject({ errors: [], wrong: [], checked: PAGES })
      }
      const status = JSON.parse(
        await runOn(room.on(room.server), process.execPath, [
          String(server.child.spawnargs.at(-1)).match(/'([^']+\.[cm]js)'/)?.[1] ?? "",
          "status",
          "--json",
          "--metrics",
          "127.0.0.1:10810"
        ])
      ) as Status
      const stores = status.stores.filter(({ name }) => name.startsWith("swap-"))
      expect(status.connections).toBe(0)
      expect(stores.map(({ name }) => name).sort()).toEqual(machines.map(({ name }) => name).sort())
      const files = readdirSync(swap)
      const used = files.reduce((sum, name) => sum + statSync(join(swap, name)).blocks * 512, 0)
      expect(stores.reduce((sum, { allocatedBytes }) => sum + allocatedBytes, 0)).toBe(used)
      const serving = readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, "utf8").trim().split(" ")[0]
      const open = readdirSync(`/proc/${serving}/fd`).flatMap((fd) => {
        const path = readlinkSync(`/proc/${serving}/fd/${fd}`)
        return path.startsWith(disk) || path.startsWith(folder) ? [path] : []
      })
      expect(open.sort()).toEqual([image, ...files.map((name) => join(swap, name))].sort())
      for (const { event, why } of server.events) {
        if (["refused", "not opened", "requests refused", "not reloaded"].includes(event)) expect(why).toMatch(/\w/)
      }
      const late = status.clients.filter(({ client }) => client.startsWith("swap-")).map(({ p99Us }) => p99Us)
      console.info(`week: p99 of the clients, µs: ${late.join(" ")}`)
      expect(await server.stop()).toEqual({ code: 0, signal: null })
    } finally {
      execFileSync("umount", ["-l", disk])
    }
  }
)
