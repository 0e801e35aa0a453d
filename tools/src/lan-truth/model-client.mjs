// @ts-check
// One client of the model: what nbd-client.mjs is on the real side, as two tasks. Data travels as pages, of which TCP carries
// the bytes and the emulator the tokens.
import { RequestStream } from "./requests.mjs"
import { EXPORT_BYTES } from "./settings.mjs"

const PAGE_BYTES = 4096
/** What the two ends say before the first request. */
export const NEGOTIATION = { greeting: 18, client: 20, info: 10 }
/** The process of the real side starts its clients one after the other within this time. */
const START_WITHIN_NS = 5e6

/** A client. */
export class NbdPeer {
  #libs
  #lan
  #machine
  #cell
  #socket
  #requests
  #startNs
  #random
  #done
  /** Cookies of requests that wait to be sent. @type {Array<{ cookie: number, write: boolean, place: number }>} */
  #waiting = []
  #wake
  /** @type {Map<number, { at: number, write: boolean }>} */
  #underWay = new Map()
  #cookie = 0

  /**
   * @param {import("./model.mjs").Libs} libs
   * @param {import("./model-lan.mjs").ModelLan} lan
   * @param {import("./model-lan.mjs").Machine} machine
   * @param {import("./grid.mjs").Cell} cell
   * @param {number} seed
   * @param {number} startNs
   * @param {(client: number, issuedAt: number) => void} done
   */
  constructor(libs, lan, machine, cell, seed, startNs, done) {
    this.#libs = libs
    this.#lan = lan
    this.#machine = machine
    this.#cell = cell
    this.#socket = lan.socket(machine, machine.name)
    this.#requests = new RequestStream(cell.op, Math.floor(EXPORT_BYTES / this.#bytes), this.#index, seed)
    this.#startNs = startNs
    this.#random = lan.sim.stream(machine.name, "start")
    this.#wake = new libs.WaitQueue(lan.sim, `${machine.name} requests`)
    this.#done = done
  }

  get #index() {
    return this.#machine.host - 1
  }

  get #bytes() {
    return this.#cell.sizeKiB * 1024
  }

  start() {
    this.#lan.task(`${this.#machine.name} sender`, (task) => this.#send(task))
  }

  /** @param {any} task @returns {Generator} */
  *#send(task) {
    const { connectOver, encodeRequest, REQUEST_BYTES } = this.#libs
    const socket = this.#socket
    const { sim, service } = this.#lan
    const failed = yield* connectOver(socket, task, service.host, service.port)
    if (failed !== 0) throw new Error(`${this.#machine.name} could not connect: ${failed}`)
    yield* socket.recvBytes(task, new Uint8Array(NEGOTIATION.greeting))
    yield* socket.sendBytes(task, new Uint8Array(NEGOTIATION.client), false)
    yield* socket.recvBytes(task, new Uint8Array(NEGOTIATION.info))
    yield* task.process.hold(this.#startNs - sim.now + Math.floor(this.#random.unit() * START_WITHIN_NS))
    this.#lan.task(`${this.#machine.name} receiver`, (self) => this.#receive(self))
    for (let i = 0; i < this.#cell.depth; i++) this.#issue()
    const header = new Uint8Array(REQUEST_BYTES)
    for (;;) {
      const request = this.#waiting.shift()
      if (request === undefined) {
        yield* this.#wake.sleep(task.process)
        continue
      }
      const { cookie, place, write } = request
      encodeRequest(header, 0, 0, write ? 1 : 0, 0, cookie, place * this.#bytes, this.#bytes)
      yield* socket.sendBytes(task, header, write)
      if (write) yield* sendPages(socket, task, this.#bytes)
    }
  }

  /** @param {any} task @returns {Generator} */
  *#receive(task) {
    const { decodeSimpleReply, Reply, SIMPLE_REPLY_BYTES } = this.#libs
    const header = new Uint8Array(SIMPLE_REPLY_BYTES)
    const reply = new Reply()
    for (;;) {
      if ((yield* this.#socket.recvBytes(task, header)) < header.length) throw new Error("the connection has ended")
      const request = decodeSimpleReply(header, 0, reply) ? this.#underWay.get(reply.cookieLo) : undefined
      if (request === undefined) throw new Error("a reply to no request")
      if (!request.write) yield* receivePages(this.#socket, task, this.#bytes)
      this.#underWay.delete(reply.cookieLo)
      this.#done(this.#index, request.at)
      this.#issue()
    }
  }

  #issue() {
    const { place, write } = this.#requests.next()
    const cookie = ++this.#cookie
    this.#underWay.set(cookie, { at: this.#lan.sim.now, write })
    this.#waiting.push({ cookie, write, place })
    this.#wake.wakeAll()
  }
}

/** @type {(socket: any, task: any, bytes: number) => Generator} */
export const sendPages = function*(socket, task, bytes) {
  for (let at = PAGE_BYTES; at <= bytes; at += PAGE_BYTES) yield* socket.sendPage(task, 1, at, at < bytes)
}

/** @type {(socket: any, task: any, bytes: number) => Generator} */
export const receivePages = function*(socket, task, bytes) {
  const token = { tokenWriter: 0, tokenVersion: 0 }
  for (let at = 0; at < bytes; at += PAGE_BYTES) {
    if ((yield* socket.recvPage(task, token)) < PAGE_BYTES) throw new Error("the connection has ended")
  }
}
