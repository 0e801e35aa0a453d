// @ts-check
// The machine under test: our sockets on a network card whose wire ends at the script. What the card sends is kept until an
// event of the script looks at it; what the script sends arrives at once.
// Modelled: the path of a packet through card, softirq and socket; the card interrupts at once and cuts no segments itself.
// Not modelled: a second connection at a time. Numbers of ports in a script have no meaning.
import { formatOptions, optionsOf } from "./options.mjs"
import { ecnBits, ecnName, flagBits, flagLetters } from "./packets.mjs"

/** @typedef {import("./packets.mjs").Packet} Packet */

/** Addresses of the machine and of the script's end, and free pages of the machine: 2 GiB. */
const HERE = 0
const THERE = 1
const FREE_PAGES = 500_000
/** The CPU needs no time: a system call finds what has come in before it. */
const NO_COSTS = { rxPacketNs: 0, copyPerKiBNs: 0, txSkbNs: 0, syscallNs: 0 }
/** The port that a script's listener gets, whatever it is called there. */
const PORT = 8080
const SYN = 2
const ACK = 16
/** Milliseconds of a time stamp. */
const MS = 1_000_000

/** The machine of one run. */
export class Machine {
  /** What the card has sent and no event has looked at. @type {Array<{ at: number, packet: Packet }>} */
  sent = []
  /**
   * The model's number of what a script calls 0 is this much below: known with the first packet that leaves.
   * @type {number | null}
   */
  #offset = null
  /** What a script's time stamps of this machine are ahead of its clock. @type {number | null} */
  #stampAhead = null
  /** The scale that the last SYN of either side had, null without one. @type {number | null} */
  #scaleHere = null
  /** @type {number | null} */
  #scaleThere = null
  /** The socket that packets go to, by the last packet that it sent; at first the listener. */
  #port
  /** An event that does nothing: time passes up to it. */
  #clock

  /**
   * @param {import("./model.mjs").Model} model
   * @param {number} mss what this machine announces in a SYN
   * @param {Readonly<import("./sysctls.mjs").Values>} sysctls
   * @param {number} firstStamp the time stamp of the first packet that leaves with one
   */
  constructor(model, mss, sysctls, firstStamp) {
    this.mss = mss
    this.firstStamp = firstStamp
    const { CARDS, HostMemory, NO_SWITCHES, NetStack, Nic, Packets, Sim, Softirq, TcpSocket, servicePort, tcpMem } =
      model
    this.model = model
    this.sim = new Sim({ seed: 1, hz: 1000 })
    this.packets = new Packets()
    const machine = (/** @type {number} */ host) =>
      new NetStack(this.sim, {
        host,
        memory: new HostMemory(),
        packets: this.packets,
        tcpMem: tcpMem(FREE_PAGES),
        costs: NO_COSTS,
        sysctls,
        // of 3.6
        switches: { ...NO_SWITCHES, challengeAcks: true }
      })
    this.stack = machine(HERE)
    this.freePages = FREE_PAGES
    this.service = servicePort(PORT)
    this.#port = this.service
    const softirq = new Softirq(this.sim, { stealCpu: () => {}, wakeKsoftirqd: () => {} })
    this.ctx = softirq.ctx
    const prompt = { ...CARDS.e1000, interruptDelayNs: 0, interruptGapNs: 0, txInterruptDelayNs: 0 }
    this.nic = new Nic(
      this.stack,
      { transmit: (/** @type {number} */ frame) => this.#transmit(frame) },
      softirq,
      prompt
    )
    this.nic.open(this.ctx)
    this.#clock = this.sim.queue.register(() => {})
    // the script's end: it keeps the content of the streams, and is never asked for anything else
    this.peer = new TcpSocket(machine(THERE), { name: "script", freeBufferPages: FREE_PAGES })
    this.peerHost = THERE
    this.packets.connecting.set(model.endKey(THERE, this.peer.port), this.peer)
  }

  get now() {
    return this.sim.now
  }

  /** Sends what comes next to this socket. @param {number} port */
  direct(port) {
    this.#port = port
  }

  /** Lets time pass. @param {number} until */
  pass(until) {
    this.sim.queue.at(until, this.#clock, 0)
    while (this.sim.run(until).reason === "stopped");
  }

  /** The oldest packet that nobody has looked at; one that leaves until `until` is waited for. @param {number} until */
  next(until) {
    if (this.sent.length === 0) {
      this.sim.queue.at(until, this.#clock, 0)
      this.sim.run(until)
    }
    return this.sent.shift() ?? null
  }

  /** A packet of the script arrives. @param {Packet} packet */
  receive(packet) {
    const { ack, ecn, end, flags, len, seq, win } = packet
    const { model, packets } = this
    const { mss, sack, sackOk, scale, stamp } = optionsOf(packet)
    const bits = flagBits(flags)
    const frame = packets.alloc()
    const isSyn = (bits & (SYN | ACK)) === SYN
    const start = seq - 1
    packets.bytes[frame] = this.#headerBytes(stamp !== null, sack.length) + len
    packets.proto[frame] = this.stack.tx.proto
    packets.src[frame] = THERE
    packets.dst[frame] = HERE
    packets.sport[frame] = this.peer.port
    packets.port[frame] = isSyn && this.stack.services.at(this.service) !== null ? this.service : this.#port
    packets.seq[frame] = start
    // a script that acknowledges something before anything has left counts from the first byte of data
    if (ack !== null) this.#offset ??= 1
    packets.ack[frame] = ack === null ? 0 : ack - (this.#offset ?? 1)
    if ((bits & SYN) !== 0) {
      this.#scaleThere = scale
      packets.synOptions[frame] = (sackOk ? model.SYN_SACK_PERM : 0) | (stamp === null ? 0 : model.SYN_TIMESTAMP)
        | (scale === null ? 0 : model.SYN_WINDOW_SCALE)
      packets.synMss[frame] = mss ?? 0
      packets.synScale[frame] = scale ?? 0
    }
    packets.wnd[frame] = (win ?? 0) * ((bits & SYN) === 0 ? this.#step(this.#scaleThere) : 1)
    packets.len[frame] = len
    packets.flags[frame] = bits | ecnBits(ecn)
    packets.tsval[frame] = stamp === null ? 0 : stamp.val * MS
    packets.tsecr[frame] = stamp === null || stamp.ecr === 0 ? 0 : (stamp.ecr - (this.#stampAhead ?? 0)) * MS
    packets.sackBlocks[frame] = sack.length
    for (const [i, block] of sack.flat().entries()) {
      packets.sackSeq[frame * model.SACK_STRIDE + i] = block - (this.#offset ?? 1)
    }
    const missing = end - 1 - this.peer.sent.written
    if (len > 0 && missing > 0) this.peer.sent.appendBytes(new Uint8Array(missing))
    this.nic.receive(frame)
    this.pass(this.sim.now)
  }

  /** A frame leaves: its time is now. @param {number} frame */
  #transmit(frame) {
    const { packets, sim } = this
    const bits = packets.flags[frame]
    const len = packets.len[frame]
    const start = packets.seq[frame]
    this.#offset ??= -start
    const seq = start + this.#offset
    if (packets.sport[frame] < this.service) this.#port = packets.sport[frame]
    const ack = (bits & ACK) === 0 ? null : packets.ack[frame] + 1
    if ((bits & SYN) !== 0) {
      const scales = (packets.synOptions[frame] & this.model.SYN_WINDOW_SCALE) !== 0
      this.#scaleHere = scales ? packets.synScale[frame] : null
    }
    const win = packets.wnd[frame] / ((bits & SYN) === 0 ? this.#step(this.#scaleHere) : 1)
    const field = ecnName(bits)
    const ecn = field === "noecn" ? null : field
    const packet = {
      ecn,
      flags: flagLetters(bits),
      seq,
      end: seq + len,
      len,
      ack,
      win,
      options: this.#optionsOf(frame)
    }
    this.sent.push({ at: sim.now, packet })
    packets.free(frame)
    sim.stop()
    return sim.now
  }

  /** What one step of a window of this side stands for: both must have announced a scale. @param {number | null} scale */
  #step(scale) {
    return this.#scaleHere === null || this.#scaleThere === null || scale === null ? 1 : 2 ** scale
  }

  /** @type {(stamp: boolean, blocks: number) => number} */
  #headerBytes(stamp, blocks) {
    const { TCP_HEADER_BYTES, TCPOLEN_TSTAMP_ALIGNED } = this.model
    return TCP_HEADER_BYTES - (stamp ? 0 : TCPOLEN_TSTAMP_ALIGNED) + (blocks === 0 ? 0 : 4 + 8 * blocks)
  }

  /** The options of a frame that leaves, in the notation of a script. @param {number} frame @returns {ReadonlyArray<string>} */
  #optionsOf(frame) {
    const { model, packets } = this
    const syn = (packets.flags[frame] & SYN) !== 0
    const bits = syn ? packets.synOptions[frame] : 0
    const blocks = Array.from({ length: packets.sackBlocks[frame] }, (_, i) => {
      const at = frame * model.SACK_STRIDE + 2 * i
      return /** @type {const} */ ([packets.sackSeq[at] + 1, packets.sackSeq[at + 1] + 1])
    })
    return formatOptions({
      mss: syn ? packets.synMss[frame] : null,
      sackOk: (bits & model.SYN_SACK_PERM) !== 0,
      scale: (bits & model.SYN_WINDOW_SCALE) === 0 ? null : packets.synScale[frame],
      stamp: this.#stampOf(frame, syn ? (bits & model.SYN_TIMESTAMP) !== 0 : packets.tsval[frame] !== 0),
      sack: blocks
    })
  }

  /** @type {(frame: number, has: boolean) => { val: number, ecr: number } | null} */
  #stampOf(frame, has) {
    if (!has) return null
    const now = Math.floor(this.packets.tsval[frame] / MS)
    this.#stampAhead ??= this.firstStamp - now
    return { val: now + this.#stampAhead, ecr: Math.floor(this.packets.tsecr[frame] / MS) }
  }
}
