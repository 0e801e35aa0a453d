// @ts-check
// The LAN of the model: the same rates, buckets, buffers and bytes a frame as testbed.mjs gives the real one. Cards cut nothing,
// merge nothing and interrupt at once, as veth does; the bridge takes no time of its own.
import {
  BURST_BYTES,
  CLIENT_RATE,
  FRAME_OVERHEAD_BYTES,
  HOST_QUEUE_BYTES,
  NBD_PORT,
  SERVER_BURST_BYTES,
  SERVER_RATE
} from "./settings.mjs"

/** Each way through a veth pair and the bridge: the shortest round trip that the real side's TCP measures is 14 µs. */
const HOP_NS = 3_500
/**
 * How late the timer of a bucket fires, on average: from a capture of the frames that a client with a full queue sends, whose gaps
 * deviate from 1,211 µs by 50 µs in one of five and by 90 µs in one of ten, like the difference of two exponential variables.
 * Without it clients are in step for ever: which of them a full switch drops is always the same one.
 */
const LATE_NS = 35_000
/** Pages by which the machines size what settings.mjs does not say: 2 GiB. */
const PAGES = 500_000
const NO_COSTS = { rxPacketNs: 0, copyPerKiBNs: 0, txSkbNs: 0, syscallNs: 0 }
const SERVER_HOST = 0
const INSTANT = { bitsPerSecond: 1e12, burstBytes: 0, latencyNs: 0 }
const FRAMING = { overheadBytes: FRAME_OVERHEAD_BYTES, minimumBytes: 0, gapBytes: 0 }

/** A machine at its port of the switch. @typedef {{ host: number, name: string, stack: any }} Machine */

/** The LAN, and all sockets on it. */
export class ModelLan {
  #libs
  #packets
  #fabric
  /** @type {Array<any>} */
  #sockets = []
  /** @type {Machine} */
  server
  /** @type {ReadonlyArray<Machine>} */
  clients

  /**
   * @param {import("./model.mjs").Libs} libs
   * @param {import("./grid.mjs").Cell} cell
   * @param {Readonly<Record<string, unknown>>} sysctls
   * @param {number} seed
   * @param {number} hz
   */
  constructor(libs, cell, sysctls, seed, hz) {
    this.#libs = libs
    this.sim = new libs.Sim({ seed, hz })
    this.#packets = new libs.Packets()
    this.lan = new libs.Lan(this.sim, this.#packets.frameOps)
    this.#fabric = new libs.Switch(this.lan, {
      name: "switch",
      forwardingLatencyNs: 0,
      bufferBytes: Number.MAX_SAFE_INTEGER,
      alpha: Number.POSITIVE_INFINITY,
      portLimitBytes: cell.bufferKiB * 1024
    })
    this.server = this.#machine(SERVER_HOST, "server", SERVER_RATE, sysctls)
    this.clients = Array.from(
      { length: cell.clients },
      (_, i) => this.#machine(SERVER_HOST + 1 + i, `client-${i}`, CLIENT_RATE, sysctls)
    )
  }

  /** A socket of a machine. @param {Machine} machine @param {string} name */
  socket({ stack }, name) {
    const socket = new this.#libs.TcpSocket(stack, this.socketOptions(name))
    this.adopt(socket)
    return socket
  }

  /** @param {string} name */
  socketOptions(name) {
    return { name, freeBufferPages: PAGES, noDelay: true, tso: false }
  }

  /** A socket that a listener has made. @param {any} socket */
  adopt(socket) {
    this.#sockets.push(socket)
  }

  /** Where the server listens: host and port. */
  get service() {
    return { host: SERVER_HOST, port: this.#libs.servicePort(NBD_PORT) }
  }

  /** Starts a task that may sleep for ever. @param {string} name @param {(task: any) => Generator} body */
  task(name, body) {
    const process = new this.#libs.Process(this.sim, name)
    process.daemon = true
    const task = {
      flags: 0,
      memdie: false,
      inInterrupt: false,
      servingSoftirq: false,
      cpu: 0,
      ns: 0,
      process,
      *condResched() {}
    }
    this.sim.spawn(process, process.program(() => body(task)))
  }

  /** Lets time pass. @param {number} until */
  run(until) {
    const end = this.sim.run(until)
    if (end.reason !== "until") throw new Error(`the simulation ended: ${end.reason}`)
  }

  counted() {
    const sum = (/** @type {string} */ field) => this.#sockets.reduce((total, socket) => total + socket[field], 0)
    return { timeouts: sum("timeouts"), retransmitted: sum("retransmitted") }
  }

  /** Frames that found no room at a port of the switch. */
  drops() {
    return this.#fabric.portDrops.reduce((/** @type {number} */ a, /** @type {number} */ b) => a + b, 0)
  }

  /** Laws. */
  check() {
    this.lan.checkInvariants()
    for (const socket of this.#sockets) socket.checkInvariants()
  }

  /**
   * What a frame that leaves a bucket is handed to: some time later, in order.
   * @param {string} name
   * @param {(frame: number) => void} deliver
   * @returns {(frame: number) => void}
   */
  #late(name, deliver) {
    const { queue } = this.sim
    const random = this.sim.stream(name, "late")
    const kind = queue.register(deliver)
    let last = 0
    return (frame) => {
      last = Math.max(last, queue.now + Math.floor(random.exponential(LATE_NS)))
      queue.at(last, kind, frame)
    }
  }

  /** @param {number} host @param {string} name @param {number} rate @param {Readonly<Record<string, unknown>>} sysctls @returns {Machine} */
  #machine(host, name, rate, sysctls) {
    const { CARDS, HostMemory, Link, NetStack, Nic, NO_SWITCHES, Softirq, tcpMem } = this.#libs
    const stack = new NetStack(this.sim, {
      host,
      memory: new HostMemory(),
      packets: this.#packets,
      costs: NO_COSTS,
      sysctls,
      switches: { ...NO_SWITCHES, tsq: true },
      tcpMem: tcpMem(PAGES)
    })
    const link = {
      bitsPerSecond: rate,
      burstBytes: BURST_BYTES,
      latencyNs: HOP_NS,
      framing: FRAMING
    }
    const own = { queueBytes: HOST_QUEUE_BYTES, burstBytes: host === SERVER_HOST ? SERVER_BURST_BYTES : BURST_BYTES }
    const up = new Link(this.lan, { ...link, ...own, name: `${name} to switch` })
    const down = new Link(this.lan, { ...link, name: `switch to ${name}` })
    // behind the bucket's timer: a way into the switch that takes no time of its own
    const entry = new Link(this.lan, { ...link, ...INSTANT, name: `${name} into switch` })
    this.#fabric.route(host, this.#fabric.addPort(entry, down))
    up.receive = this.#late(`${name} to switch`, (frame) => entry.send(frame))
    const softirq = new Softirq(this.sim, { stealCpu: () => {}, wakeKsoftirqd: () => {} })
    const wire = { transmit: (/** @type {number} */ frame) => up.send(frame) }
    const veth = { interruptDelayNs: 0, interruptGapNs: 0, txInterruptDelayNs: 0, gro: false }
    const nic = new Nic(stack, wire, softirq, { ...CARDS.e1000, ...veth, txDescriptors: 4096, ring: 4096 })
    nic.open(softirq.ctx)
    down.receive = this.#late(`switch to ${name}`, (frame) => nic.receive(frame))
    return { host, name, stack }
  }
}
