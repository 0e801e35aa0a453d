// A client that speaks the compact protocol with simple replies, and can be as rude as a test wants.
import { encodeClientFlags, encodeInfoRequest, encodeOption, encodeRequest, getU32, Option } from "@swaplab/nbd"
import { connect, type Socket } from "node:net"

/** What a request was answered; `data` is empty unless it was a READ without an error. */
export interface Answer {
  readonly error: number
  readonly data: Buffer
}

interface Pending {
  /** Bytes of data that come with a good answer. */
  readonly dataBytes: number
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
}

const REPLY_BYTES = 16

/** Requests may be in flight together; replies are found by cookie. */
export class TestClient {
  readonly socket: Socket
  closed = false
  #bytes: Buffer = Buffer.alloc(0)
  #wake: () => void = () => {}
  #cookie = 0
  readonly #pending = new Map<number, Pending>()

  constructor(socket: Socket) {
    this.socket = socket
    socket.on("data", (data) => {
      this.#bytes = this.#bytes.length === 0 ? data : Buffer.concat([this.#bytes, data])
      this.#dispatch()
      this.#wake()
    })
    socket.on("error", () => {})
    socket.on("close", () => {
      this.closed = true
      this.#fail("closed by the server")
      this.#wake()
    })
  }

  /** Takes bytes; rejects when the server closes before they are there. */
  async take(count: number): Promise<Buffer> {
    while (this.#bytes.length < count) {
      if (this.closed) throw new Error("closed by the server")
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    const taken = this.#bytes.subarray(0, count)
    this.#bytes = this.#bytes.subarray(count)
    return taken
  }

  /** Everything until the server closes. */
  async rest(): Promise<Buffer> {
    while (!this.closed) await new Promise<void>((resolve) => (this.#wake = resolve))
    return this.#bytes
  }

  /** Reads the replies of an option up to the last one; returns its type. */
  async optionReply(): Promise<number> {
    for (;;) {
      const header = await this.take(20)
      await this.take(getU32(header, 16))
      const type = getU32(header, 12)
      if (type === 1 || type >= 0x80000000) return type
    }
  }

  /** Sends a request; resolves to its answer. */
  request(type: number, offset: number, length: number, payload?: Uint8Array, flags = 0): Promise<Answer> {
    const cookie = ++this.#cookie
    return new Promise((resolve, reject) => {
      if (this.closed) return reject(new Error("closed by the server"))
      this.#pending.set(cookie, { dataBytes: type === 0 ? length : 0, resolve, reject })
      const header = new Uint8Array(28)
      encodeRequest(header, 0, flags, type, 0, cookie, offset, length)
      this.socket.write(payload === undefined ? header : Buffer.concat([header, payload]))
    })
  }

  read(offset: number, length: number): Promise<Answer> {
    return this.request(0, offset, length)
  }

  write(offset: number, payload: Uint8Array, flags = 0): Promise<Answer> {
    return this.request(1, offset, payload.length, payload, flags)
  }

  flush(): Promise<Answer> {
    return this.request(3, 0, 0)
  }

  /** Says DISC and waits for the end. */
  async disconnect(): Promise<void> {
    const header = new Uint8Array(28)
    encodeRequest(header, 0, 0, 2, 0, 0, 0, 0)
    this.socket.write(header)
    await this.rest()
  }

  /** Resets the connection, as a machine does that lost its memory. */
  reset(): void {
    this.socket.resetAndDestroy()
  }

  /** Replies that are whole, to whom they belong. */
  #dispatch(): void {
    while (this.#pending.size > 0 && this.#bytes.length >= REPLY_BYTES) {
      const [magic, error, cookie] = [0, 4, 12].map((at) => getU32(this.#bytes, at))
      const pending = this.#pending.get(cookie)
      if (magic !== 0x67446698 || pending === undefined) {
        this.#fail(`no reply to any request: ${this.#bytes.subarray(0, REPLY_BYTES).toString("hex")}`)
        this.socket.destroy()
        return
      }
      const end = REPLY_BYTES + (error === 0 ? pending.dataBytes : 0)
      if (this.#bytes.length < end) return
      this.#pending.delete(cookie)
      pending.resolve({ error, data: this.#bytes.subarray(REPLY_BYTES, end) })
      this.#bytes = this.#bytes.subarray(end)
    }
  }

  #fail(why: string): void {
    for (const { reject } of this.#pending.values()) reject(new Error(why))
    this.#pending.clear()
  }
}

/** Connects and reads the greeting. */
export const greet = async (port: number, from = "127.0.0.1"): Promise<TestClient> => {
  const client = new TestClient(connect({ port, host: "127.0.0.1", localAddress: from, noDelay: true }))
  await client.take(18)
  return client
}

/** GO as nbd-client sends it. */
export const goOption = (name: string): Uint8Array => encodeOption(Option.Go, encodeInfoRequest({ name, infos: [] }))

/** Connects to an export; rejects with the type of the reply when the server refuses it. */
export const attach = async (port: number, name: string, from?: string): Promise<TestClient> => {
  const client = await greet(port, from)
  client.socket.write(Buffer.concat([encodeClientFlags(3), goOption(name)]))
  const type = await client.optionReply()
  if (type === 1) return client
  client.socket.destroy()
  throw new Error(`refused: ${type.toString(16)}`)
}
