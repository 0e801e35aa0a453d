// The options of a TCP header, as Linux lays them out.
// source: net/ipv4/tcp_output.c:tcp_options_write
import { type Packets, SACK_STRIDE, SYN_SACK_PERM, SYN_TIMESTAMP, SYN_WINDOW_SCALE, TCPHDR_SYN } from "@swaplab/net-skb"
import { assert } from "@swaplab/sim"

const NOP = 1
const MSS = 2
const WINDOW = 3
const SACK_PERM = 4
const SACK = 5
const TIMESTAMP = 8

/** Headers of IPv4 and TCP without options. */
const BARE_HEADERS = 40

const u32 = (value: number): ReadonlyArray<number> => {
  const low = value % 4294967296
  return [low >>> 24, low >>> 16 & 255, low >>> 8 & 255, low & 255]
}

/** A sequence number of the header: SYN has 0, data begin at 1. */
export const sequence = (offset: number): number => (offset + 1) % 4294967296

/** The options of the frame; its time stamps in ticks of so many nanoseconds. */
export const optionsOf = (packets: Packets, frame: number, tickNs: number): Uint8Array => {
  const { bytes, flags, len, sackBlocks, sackSeq, synMss, synOptions, synScale, tsecr, tsval } = packets
  const out: Array<number> = []
  const ticks = (ns: number): ReadonlyArray<number> => u32(Math.floor(ns / tickNs))
  const stamp = [TIMESTAMP, 10, ...ticks(tsval[frame]), ...ticks(tsecr[frame])]
  if ((flags[frame] & TCPHDR_SYN) !== 0) {
    const options = synOptions[frame]
    const sack = (options & SYN_SACK_PERM) !== 0 ? [SACK_PERM, 2] : [NOP, NOP]
    out.push(MSS, 4, synMss[frame] >> 8, synMss[frame] & 255)
    if ((options & SYN_TIMESTAMP) !== 0) out.push(...sack, ...stamp)
    else if ((options & SYN_SACK_PERM) !== 0) out.push(NOP, NOP, SACK_PERM, 2)
    if ((options & SYN_WINDOW_SCALE) !== 0) out.push(NOP, WINDOW, 3, synScale[frame])
  } else {
    if (tsval[frame] > 0) out.push(NOP, NOP, ...stamp)
    const blocks = sackBlocks[frame]
    if (blocks > 0) out.push(NOP, NOP, SACK, 2 + 8 * blocks)
    for (let i = 0; i < 2 * blocks; i++) out.push(...u32(sequence(sackSeq[frame * SACK_STRIDE + i])))
  }
  const room = bytes[frame] - BARE_HEADERS - len[frame]
  assert(room >= out.length && room <= 40 && room % 4 === 0, "a frame has no room for the options of its header")
  while (out.length < room) out.push(NOP)
  return Uint8Array.from(out)
}
