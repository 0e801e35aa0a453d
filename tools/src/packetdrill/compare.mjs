// @ts-check
// Does a packet that has left agree with the one that the script expects?
import { optionsDiffer } from "./options.mjs"
import { ecnBits, formatPacket } from "./packets.mjs"
import { seconds } from "./times.mjs"

/** @typedef {import("./packets.mjs").Packet} Packet */

/**
 * The fields that are compared, in the order in which they are named; `win` only where the script gives one.
 * @type {ReadonlyArray<readonly [name: string, differs: (expected: Packet, got: Packet) => boolean]>}
 */
const FIELDS = [
  ["ECN field", (expected, got) => expected.ecn !== null && ecnBits(expected.ecn) !== ecnBits(got.ecn)],
  ["flags", (expected, got) => expected.flags !== got.flags],
  ["sequence number", (expected, got) => expected.seq !== got.seq],
  ["length", (expected, got) => expected.len !== got.len],
  ["ack", (expected, got) => expected.ack !== got.ack],
  ["window", (expected, got) => expected.win !== null && expected.win !== got.win],
  ["options", optionsDiffer]
]

/** Names of the fields that differ. @type {(expected: Packet, got: Packet) => ReadonlyArray<string>} */
export const differences = (expected, got) =>
  FIELDS.filter(([, differs]) => differs(expected, got)).map(([name]) => name)

/** A packet with its time, as it would stand in a script. @type {(at: string, packet: Packet) => string} */
export const line = (at, packet) => `${at} > ${formatPacket(packet)}`

/** When a packet is expected. @type {(from: number, to: number) => string} */
export const window = (from, to) =>
  to === Infinity ? "*" : from === to ? seconds(from) : `${seconds(from)}~${seconds(to)}`

/**
 * A packet longer than a segment stands for the segments that it is cut into. They are taken from the queue and put together as
 * long as each begins where the one before has ended, and only the last one has another flag than an ACK.
 * @type {(got: Packet, wanted: Packet, queue: Array<{ packet: Packet }>) => Packet}
 */
export const gathered = (got, wanted, queue) => {
  let whole = got
  while (whole.seq === wanted.seq && whole.len < wanted.len && whole.len > 0 && whole.flags === ".") {
    const [following] = queue
    if (following === undefined || following.packet.seq !== whole.end || following.packet.len === 0) break
    queue.shift()
    const { packet } = following
    whole = { ...packet, seq: whole.seq, len: whole.len + packet.len }
  }
  return whole
}
