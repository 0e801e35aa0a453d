// Bytes of a socket, in and out, through memory that is used again. Node gives each read and each write memory of its own
// otherwise, outside of the heap; at 50 MB/s that makes V8 collect everything once a second, and the run stands still meanwhile.
import { connect, type NetConnectOpts, type Socket } from "node:net"

/** Room for one read, and what a buffer has at least. */
const READ_BYTES = 64 << 10
const BUFFER_BYTES = 256 << 10

/** What has come and is not used up: `bytes` from `from` to `to`. */
class Inbox {
  bytes = Buffer.allocUnsafeSlow(BUFFER_BYTES)
  from = 0
  to = 0

  get length(): number {
    return this.to - this.from
  }

  /** Where the next bytes go. */
  room(): Buffer {
    if (this.from === this.to) this.from = this.to = 0
    if (this.bytes.length - this.to < READ_BYTES) this.#makeRoom()
    return this.bytes.subarray(this.to, this.to + READ_BYTES)
  }

  /** Adds bytes that came in memory of their own. */
  put(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + READ_BYTES)
      this.room().set(part)
      this.to += part.length
      at += part.length
    }
  }

  /** A copy of all that is there, which is used up. */
  take(): Uint8Array {
    const all = Uint8Array.prototype.slice.call(this.bytes, this.from, this.to)
    this.from = this.to
    return all
  }

  #makeRoom(): void {
    const old = this.bytes
    if (2 * (this.length + READ_BYTES) > old.length) this.bytes = Buffer.allocUnsafeSlow(2 * old.length)
    old.copy(this.bytes, 0, this.from, this.to)
    this.to -= this.from
    this.from = 0
  }
}

/** What goes out with the next `flush`. */
export class Outbox {
  readonly #socket: Socket
  readonly #free: Array<Buffer> = []
  #bytes: Buffer | null = null
  #used = 0

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** Memory for so many bytes, which have to be put there at once. */
  room(bytes: number): { readonly into: Buffer; readonly at: number } {
    if (this.#bytes !== null && this.#used + bytes > this.#bytes.length) this.flush()
    this.#bytes ??= this.#free.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES)
    if (bytes > this.#bytes.length) this.#bytes = Buffer.allocUnsafeSlow(bytes)
    const at = this.#used
    this.#used += bytes
    return { into: this.#bytes, at }
  }

  flush(): void {
    const bytes = this.#bytes
    if (bytes === null) return
    // it is free again when the kernel has all of it
    this.#socket.write(bytes.subarray(0, this.#used), () => this.#free.push(bytes))
    this.#bytes = null
    this.#used = 0
  }
}

/** A socket, and whoever is told that something has come. */
export interface Wire {
  readonly socket: Socket
  readonly inbox: Inbox
  heard: () => void
}

/** Connects. `reused`: bytes come through the inbox's own memory; that cannot be where TLS goes over the socket. */
export const openWire = (
  place: { readonly host: string; readonly port: number } | { readonly path: string },
  reused: boolean
): Wire => {
  const inbox = new Inbox()
  const onread = {
    buffer: () => inbox.room(),
    callback: (count: number) => {
      inbox.to += count
      wire.heard()
      return true
    }
  }
  const socket = connect({ ...place, noDelay: true, ...(reused && { onread }) } as NetConnectOpts)
  const wire: Wire = reused ? { socket, inbox, heard: () => {} } : wireOf(socket, inbox)
  return wire
}

/** A socket that gives its bytes in memory of their own. */
export const wireOf = (socket: Socket, inbox = new Inbox()): Wire => {
  const wire: Wire = { socket, inbox, heard: () => {} }
  socket.on("data", (bytes: Buffer) => {
    inbox.put(bytes)
    wire.heard()
  })
  return wire
}
