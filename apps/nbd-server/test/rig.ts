// The server in this process, on a real socket, and a client that knows the little that these tests need.
import { encodeRequest } from "@swaplab/nbd"
import { Effect } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { connect, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls"
import { afterAll } from "vitest"
import { decodeConfig } from "../src/config/load.ts"
import { serve } from "../src/serve.ts"

const folders: Array<string> = []
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A new empty folder, for as long as the tests of the file run. */
export const scratch = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "nbd-server-test-"))
  folders.push(folder)
  return folder
}

type Event = Readonly<Record<string, unknown>> & { readonly event: string }

export interface Running {
  readonly port: number
  readonly events: ReadonlyArray<Event>
  /** The next event of that name that was not waited for yet. */
  event(name: string): Promise<Event>
  /** SIGHUP, with this for a configuration. */
  reload(values: object): void
  stop(): Promise<void>
}

/** Starts a server at a free port of this machine. */
export const run = async (values: object): Promise<Running> => {
  const config = (value: object) => decodeConfig("test", { listen: ["127.0.0.1:0"], log: "json", ...value })
  const events: Array<Event> = []
  const seen = new Map<string, number>()
  const signals = new Map<string, () => void>()
  const wakes = new Set<() => void>()
  let next = values
  const wake = (): void => {
    for (const woken of wakes) woken()
  }
  const first = await Effect.runPromise(config(values))
  let failure: unknown = null
  const ended = Effect.runPromise(serve(first, Effect.suspend(() => config(next)), {
    env: {},
    pid: 1,
    keepCode: () => null,
    writeLog: (line) => {
      events.push(JSON.parse(line) as Event)
      wake()
    },
    fork: () => {
      throw new Error("the server of these tests is one process")
    },
    onSignal: (signal, handler) => {
      signals.set(signal, handler)
      return () => {}
    }
  })).catch((error: unknown) => {
    failure = error
    wake()
  })
  const event = (name: string): Promise<Event> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = events.filter((one) => one.event === name)[seen.get(name) ?? 0]
        if (found === undefined && failure === null) return
        wakes.delete(look)
        seen.set(name, (seen.get(name) ?? 0) + 1)
        if (found === undefined) reject(failure)
        else resolve(found)
      }
      wakes.add(look)
      look()
    })
  const at = String((await event("listening"))["at"])
  await event("ready")
  return {
    port: Number(at.slice(at.lastIndexOf(":") + 1)),
    events,
    event,
    reload: (other) => {
      next = other
      signals.get("SIGHUP")?.()
    },
    stop: async () => {
      signals.get("SIGTERM")?.()
      await ended
    }
  }
}

/** Bytes of a socket, as many as are asked for. */
export class Client {
  socket: Socket | TLSSocket
  #bytes = Buffer.alloc(0)
  #ended = false
  #wake: () => void = () => {}

  constructor(socket: Socket) {
    this.socket = socket
    this.#listen()
  }

  /** The next so many bytes; fails at the end of the connection. */
  async take(bytes: number): Promise<Buffer> {
    while (this.#bytes.length < bytes) {
      if (this.#ended) throw new Error("the connection has ended")
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    const taken = this.#bytes.subarray(0, bytes)
    this.#bytes = this.#bytes.subarray(bytes)
    return taken
  }

  async option(code: number, data = ""): Promise<number> {
    const header = Buffer.alloc(16)
    header.write("IHAVEOPT")
    header.writeUInt32BE(code, 8)
    header.writeUInt32BE(data.length, 12)
    this.socket.write(Buffer.concat([header, Buffer.from(data)]))
    return code === 1 ? (await this.take(10)).readUInt32BE(4) : (await this.take(20)).readUInt32BE(12)
  }

  /** STARTTLS; the common name of the server's certificate. */
  async startTls(options: ConnectionOptions = {}): Promise<string> {
    return String((await this.#secure(options)).getPeerCertificate().subject.CN)
  }

  /** STARTTLS with a pre-shared key. */
  async startTlsWith(identity: string, psk: Buffer): Promise<void> {
    const pskCallback = () => ({ identity, psk })
    await this.#secure({ pskCallback, ciphers: "PSK", maxVersion: "TLSv1.2", checkServerIdentity: () => undefined })
  }

  async #secure(options: ConnectionOptions): Promise<TLSSocket> {
    await this.option(5)
    this.socket.removeAllListeners()
    const secure = connectTls({ socket: this.socket, rejectUnauthorized: false, ...options })
    await new Promise((resolve, reject) => secure.once("secureConnect", resolve).once("error", reject))
    this.socket = secure.removeAllListeners("error")
    this.#listen()
    return secure
  }

  /** Asks for the first 512 bytes, so many times at once; the error of the last reply. */
  async ask(times = 1): Promise<number> {
    const request = Buffer.alloc(28)
    encodeRequest(request, 0, 0, 0, 0, 0, 0, 512)
    this.socket.write(Buffer.concat(Array<Buffer>(times).fill(request)))
    const replies = await this.take((16 + 512) * times)
    return replies.readUInt32BE((16 + 512) * (times - 1) + 4)
  }

  #listen(): void {
    const end = (): void => {
      this.#ended = true
      this.#wake()
    }
    this.socket.on("data", (bytes: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, bytes])
      this.#wake()
    })
    this.socket.on("error", end).on("close", end)
  }
}

/** A connection behind the greeting. */
export const greeted = async (port: number, from = "127.0.0.1"): Promise<Client> => {
  const client = new Client(connect({ port, host: "127.0.0.1", localAddress: from }))
  client.socket.write(Buffer.from("00000003", "hex"))
  await client.take(18)
  return client
}

/** A connection that has an export. */
export const attached = async (port: number, name: string, from?: string): Promise<Client> => {
  const client = await greeted(port, from)
  await client.option(1, name)
  return client
}
