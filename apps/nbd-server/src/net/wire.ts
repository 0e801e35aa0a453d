// The socket of a connection in its transmission phase. All plain sockets read into one buffer that is used again and
// again, so a receiver must copy what it needs before it returns. The data of a large WRITE is read straight to its place in
// the store. That needs the handle of an accepted socket, which is no public part of Node; without it, and for TLS, the
// buffers of the stream are used.
import { type OnReadOpts, Socket, type SocketConstructorOpts } from "node:net"
import { TLSSocket } from "node:tls"

/** Bytes taken from a socket at once. */
const READ_BYTES = 262144

/** Bytes that the kernel has not taken, and pieces that they are in, with which a connection waits for its client to read. */
const OUTPUT_BYTES = 131072
const OUTPUT_PIECES = 512

/** Bytes taken at once where the header of another large WRITE is expected, whose data then goes to its place. */
const HEAD_BYTES = 512

/** What a connection is told. */
export interface WireEvents {
  /** Bytes [0, length) of `bytes`, which are valid until it returns. */
  received(bytes: Uint8Array, length: number): void
  /** Asked before each read of a plain socket: memory that what comes next belongs to, or null. */
  place(): Uint8Array | null
  /** Bytes [0, length) of that memory came in, instead of `received`. */
  placed(bytes: Uint8Array, length: number): void
  /** So many bytes came in after the end, and are thrown away. */
  discarded(bytes: number): void
  /** All that was sent has been taken by the kernel, after `send` was false. */
  drained(): void
  /** The client says nothing more; it may still read. */
  ended(): void
  /** The socket is closed; nothing is called afterwards. */
  closed(error: Error | null): void
}

/** Options of a socket that the declarations of Node leave out. */
interface HandleOptions {
  readonly handle: object
  readonly manualStart: boolean
  readonly onread: OnReadOpts
}

const shared = Buffer.allocUnsafeSlow(READ_BYTES)
const head = shared.subarray(0, HEAD_BYTES)

/** What an accepted socket reads by, or null when this Node has it elsewhere. It reads no more; its next owner starts it. */
const stoppedHandle = (socket: Socket): object | null => {
  const handle: unknown = Reflect.get(socket, "_handle")
  if (typeof handle !== "object" || handle === null || !("readStart" in handle)) return null
  if ("readStop" in handle && typeof handle.readStop === "function") handle.readStop()
  Reflect.set(handle, "reading", false)
  return handle
}

/** What comes in from now on is left in the kernel, for the process that the socket is sent to. False: it is closed. */
export const stopReading = (socket: Socket): boolean => stoppedHandle(socket) !== null

/** Takes the handle out of an accepted socket, which is over then; null when this Node has it elsewhere. */
const handleOf = (socket: Socket): object | null => {
  const handle = stoppedHandle(socket)
  if (handle === null || !("useUserBuffer" in handle)) return null
  Reflect.set(socket, "_handle", null)
  socket.removeAllListeners()
  socket.on("error", () => {})
  socket.destroy()
  return handle
}

export class Wire {
  readonly socket: Socket
  #open = true
  #reading = false
  #ended = false
  /** What is read next goes to its place. */
  #placing = false
  /** Pieces that were sent since the kernel has had all. */
  #pieces = 0
  /** A piece was taken; asked of the last one of each send, for 'drain' only comes after many bytes. */
  readonly #taken: () => void

  /** `socket` is paused and has no data left in its stream. `plain`: it is no TLS socket. */
  constructor(socket: Socket, plain: boolean, events: WireEvents) {
    const handle = plain ? handleOf(socket) : null
    if (handle === null) {
      this.socket = socket
      socket.on("data", (bytes: Buffer) => {
        if (this.#ended) events.discarded(bytes.length)
        else if (this.#open) events.received(bytes, bytes.length)
      })
    } else {
      const options: SocketConstructorOpts & HandleOptions = {
        handle,
        allowHalfOpen: true,
        manualStart: true,
        onread: {
          buffer: () => {
            const place = this.#open && !this.#ended ? events.place() : null
            const next = place ?? (this.#placing ? head : shared)
            this.#placing = place !== null
            return next
          },
          callback: (length, bytes) => {
            if (this.#ended) events.discarded(length)
            else if (!this.#open) return this.#reading
            else if (this.#placing) events.placed(bytes, length)
            else events.received(bytes, length)
            return this.#reading
          }
        }
      }
      this.socket = new Socket(options)
    }
    let failure: Error | null = null
    this.#taken = () => {
      if (this.#pieces === 0 || this.socket.writableLength > 0) return
      this.#pieces = 0
      if (this.#open) events.drained()
    }
    const ended = (): void => {
      if (this.#open) events.ended()
    }
    // it may have come while the handshake waited
    if (this.socket.readableEnded) setImmediate(ended)
    else this.socket.on("end", ended)
    this.socket.on("error", (error) => (failure = error))
    const closed = (): void => {
      const wasOpen = this.#open
      this.#open = false
      if (wasOpen) events.closed(failure)
    }
    this.socket.on("close", closed)
    // lost while its handshake waited, it does not close again
    if (this.socket.destroyed) setImmediate(closed)
  }

  /** Bytes that the kernel has not taken yet. */
  get unsent(): number {
    return this.socket.writableLength
  }

  /** The client has to read before it gets more. */
  get isFull(): boolean {
    return this.socket.writableLength >= OUTPUT_BYTES || this.#pieces >= OUTPUT_PIECES
  }

  read(): void {
    this.#reading = true
    this.socket.resume()
  }

  pause(): void {
    if (!this.#reading) return
    this.#reading = false
    this.socket.pause()
  }

  /** Sends pieces by one system call. True when the kernel took them all: their memory can be used again. */
  send(pieces: ReadonlyArray<Uint8Array>): boolean {
    const { socket } = this
    if (!socket.writable) return true
    const last = pieces.length - 1
    if (last > 0) socket.cork()
    for (let i = 0; i < last; i++) socket.write(pieces[i])
    socket.write(pieces[last], this.#taken)
    if (last > 0) socket.uncork()
    const taken = socket.writableLength === 0
    this.#pieces = taken ? 0 : this.#pieces + pieces.length
    return taken
  }

  /** Sends what is left, then ends. What is still read, to see the client's end, is thrown away. */
  end(): void {
    this.#ended = true
    this.socket.end()
  }

  /** Ends at once, and has the kernel forget what the client has not acknowledged. */
  reset(): void {
    // TLS has a handle of its own
    if (this.socket instanceof TLSSocket) this.socket.destroy()
    else this.socket.resetAndDestroy()
  }

  /** Ends at once; what was not sent is lost. */
  destroy(): void {
    this.socket.destroy()
  }
}
