// @ts-check
// One client of the real side: a connection to the NBD server that always has so many requests under way.
import { connect } from "node:net"
import { pathToFileURL } from "node:url"
import { root } from "../workspace.mjs"
import { RequestStream } from "./requests.mjs"
import { EXPORT_BYTES } from "./settings.mjs"

const wire = await import(pathToFileURL(`${root}/libs/nbd/dist/wire/index.js`).href)

/** What the server says first, and what it says of the export: size and flags. */
const GREETING_BYTES = 18
const EXPORT_INFO_BYTES = 10
/** Fixed newstyle, no zeroes after the export. */
const CLIENT_FLAGS = 3

/** Milliseconds of a clock that only goes forward. */
export const nowMs = () => Number(process.hrtime.bigint()) / 1e6

/** A connection to the server. */
export class NbdClient {
  #size
  #requests
  #socket
  #payload
  #done
  /** When each request under way was issued, and whether it is a write, by its cookie. */
  #underWay = /** @type {Map<number, { at: number, write: boolean }>} */ (new Map())
  #cookie = 0
  /** Bytes that the server still has to say before the transmission phase; below 0: not yet asked for the export. */
  #negotiating = GREETING_BYTES
  #asked = false
  #header = Buffer.alloc(wire.SIMPLE_REPLY_BYTES)
  #headerBytes = 0
  /** Bytes of the data of the reply whose header has come. */
  #dataBytes = 0
  #reply = new wire.Reply()

  /**
   * @param {import("./grid.mjs").Cell} cell
   * @param {number} index
   * @param {number} seed
   * @param {{ port: number, host: string, localAddress: string }} address
   * @param {{ ready: () => void, done: (client: number, latencyMs: number, now: number) => void, failed: (why: string) => void }} told
   */
  constructor(cell, index, seed, address, told) {
    this.#size = cell.sizeKiB * 1024
    this.#requests = new RequestStream(cell.op, Math.floor(EXPORT_BYTES / this.#size), index, seed)
    this.#payload = Buffer.alloc(this.#size, 0x55)
    this.#done = told.done
    this.index = index
    const callback = (/** @type {number} */ count, /** @type {Uint8Array} */ bytes) => {
      this.#receive(bytes.subarray(0, count), told)
      return true
    }
    this.#socket = connect({ ...address, noDelay: true, onread: { buffer: Buffer.alloc(65_536), callback } })
    this.#socket.on("error", (error) => told.failed(`client ${index}: ${error.message}`))
    this.#socket.on("close", () => told.failed(`client ${index}: the server closed the connection`))
  }

  /** Sends a request. @param {number} now */
  issue(now) {
    const { place, write } = this.#requests.next()
    const cookie = ++this.#cookie
    const header = new Uint8Array(wire.REQUEST_BYTES)
    wire.encodeRequest(header, 0, 0, write ? 1 : 0, 0, cookie, place * this.#size, this.#size)
    this.#underWay.set(cookie, { at: now, write })
    this.#socket.cork()
    this.#socket.write(header)
    if (write) this.#socket.write(this.#payload)
    this.#socket.uncork()
  }

  close() {
    this.#socket.removeAllListeners("close")
    this.#socket.destroy()
  }

  /** @param {Uint8Array} bytes @param {{ ready: () => void, failed: (why: string) => void }} told */
  #receive(bytes, told) {
    let at = 0
    while (at < bytes.length) {
      if (this.#negotiating > 0) {
        const count = Math.min(this.#negotiating, bytes.length - at)
        this.#negotiating -= count
        at += count
        if (this.#negotiating === 0) this.#negotiated(told.ready)
      } else if (this.#dataBytes > 0) {
        const count = Math.min(this.#dataBytes, bytes.length - at)
        this.#dataBytes -= count
        at += count
        if (this.#dataBytes === 0) this.#complete()
      } else {
        const count = Math.min(this.#header.length - this.#headerBytes, bytes.length - at)
        this.#header.set(bytes.subarray(at, at + count), this.#headerBytes)
        this.#headerBytes += count
        at += count
        if (this.#headerBytes < this.#header.length) return
        this.#headerBytes = 0
        if (!wire.decodeSimpleReply(this.#header, 0, this.#reply) || this.#reply.error !== 0) {
          told.failed(`client ${this.index}: a reply with error ${this.#reply.error}, or none`)
          return
        }
        const request = this.#underWay.get(this.#reply.cookieLo)
        if (request === undefined) {
          told.failed(`client ${this.index}: a reply to no request`)
          return
        }
        if (request.write) this.#complete()
        else this.#dataBytes = this.#size
      }
    }
  }

  /** @param {() => void} ready */
  #negotiated(ready) {
    if (this.#asked) {
      ready()
      return
    }
    this.#asked = true
    this.#negotiating = EXPORT_INFO_BYTES
    this.#socket.write(wire.encodeClientFlags(CLIENT_FLAGS))
    this.#socket.write(wire.encodeOption(wire.Option.ExportName))
  }

  #complete() {
    const now = nowMs()
    const cookie = this.#reply.cookieLo
    const request = this.#underWay.get(cookie)
    this.#underWay.delete(cookie)
    if (request !== undefined) this.#done(this.index, now - request.at, now)
    this.issue(now)
  }
}
