// A client that speaks the compact protocol with simple replies, and can be as rude as a test wants.
import { encodeClientFlags, encodeInfoRequest, encodeOption, encodeRequest, getU32, Option } from "@swaplab/nbd"
import { connect, type Socket } from "node:net"

/** Replies by cookie. */
export class TestClient {
  readonly socket: Socket
  closed = false
  #bytes: Buffer = Buffer.alloc(0)
  #wake: () => void = () => {}
  #cookie = 0

  constructor(socket: Socket) {
    this.socket = socket
    socket.on("data", (data) => {
      this.#bytes = Buffer.concat([this.#bytes, data])
      this.#wake()
    })
    socket.on("error", () => {})
    socket.on("close", () => {
      this.closed = true
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

  /** A request; resolves to its error and, for a READ, its data. One at a time. */
  async request(
    type: number,
    offset: number,
    length: number,
    payload?: Uint8Array,
    flags = 0
  ): Promise<{ readonly error: number; readonly data: Buffer }> {
    const header = new Uint8Array(28)
    encodeRequest(header, 0, flags, type, 0, ++this.#cookie, offset, length)
    this.socket.write(payload === undefined ? header : Buffer.concat([header, payload]))
    const reply = await this.take(16)
    if (getU32(reply, 12) !== this.#cookie) throw new Error("another cookie")
    const error = getU32(reply, 4)
    return { error, data: type === 0 && error === 0 ? await this.take(length) : Buffer.alloc(0) }
  }

  read(offset: number, length: number) {
    return this.request(0, offset, length)
  }

  write(offset: number, payload: Uint8Array, flags = 0) {
    return this.request(1, offset, payload.length, payload, flags)
  }

  flush() {
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
}

/** Connects and reads the greeting. */
export const greet = async (port: number, from = "127.0.0.1"): Promise<TestClient> => {
  const client = new TestClient(connect({ port, host: "127.0.0.1", localAddress: from, noDelay: true }))
  await client.take(18)
  return client
}

/** GO as nbd-client sends it. */
export const goOption = (name: string): Uint8Array => encodeOption(Option.Go, encodeInfoRequest({ name, infos: [] }))

/** Connects to an export; null when the server refuses it. */
export const attach = async (port: number, name: string, from?: string): Promise<TestClient> => {
  const client = await greet(port, from)
  client.socket.write(Buffer.concat([encodeClientFlags(3), goOption(name)]))
  const type = await client.optionReply()
  if (type === 1) return client
  client.socket.destroy()
  throw new Error(`refused: ${type.toString(16)}`)
}
