// Selective acknowledgements that this end sends: blocks of what has arrived behind a hole, and what has arrived twice (D-SACK).
// Modelled: the four blocks that a receiver remembers, most recent first; which are joined when a hole between them is filled,
//   and forgotten when a fifth one comes; one D-SACK, told once, before them.
// Not modelled: the fourth block of an ACK without time stamps.
// source: net/ipv4/tcp_input.c:tcp_sack_new_ofo_skb, tcp_sack_maybe_coalesce, tcp_sack_remove, tcp_dsack_set,
// tcp_dsack_extend; net/ipv4/tcp_output.c:tcp_established_options, tcp_options_write
import { MAX_SACK_BLOCKS, NO_SKB } from "@swaplab/net-skb"
import { TCP_NUM_SACKS } from "./constants.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** Bytes of the option: two of padding, kind and length, and each block. */
const TCPOLEN_SACK_BASE_ALIGNED = 4
const TCPOLEN_SACK_PERBLOCK = 8

/** `tcp_sack_extend`: block i takes in the range, which overlaps or touches it. False: it is somewhere else. */
const extend = (blocks: Float64Array, i: number, seq: number, endSeq: number): boolean => {
  const at = 2 * i
  if (seq > blocks[at + 1] || blocks[at] > endSeq) return false
  if (seq < blocks[at]) blocks[at] = seq
  if (endSeq > blocks[at + 1]) blocks[at + 1] = endSeq
  return true
}

/** `tcp_dsack_set`: the next ACK tells that the range has arrived twice. */
export const dsackSet = (sk: TcpSocket, seq: number, endSeq: number): void => {
  if (!sk.sackOk || sk.stack.sysctls["net.ipv4.tcp_dsack"] === 0) return
  if (seq < sk.rcvNxt) sk.mib.TCPDSACKOldSent++
  else sk.mib.TCPDSACKOfoSent++
  sk.dsack = true
  sk.duplicateSack[0] = seq
  sk.duplicateSack[1] = endSeq
}

/** `tcp_dsack_extend`: the same, together with what the next ACK tells already, if they touch. */
export const dsackExtend = (sk: TcpSocket, seq: number, endSeq: number): void => {
  if (sk.dsack) extend(sk.duplicateSack, 0, seq, endSeq)
  else dsackSet(sk, seq, endSeq)
}

/** `tcp_sack_new_ofo_skb`: a segment was put behind a hole. Its block comes first. */
export const sackNewOfoSkb = (sk: TcpSocket, seq: number, endSeq: number): void => {
  const blocks = sk.selectiveAcks
  const count = sk.numSacks
  for (let i = 0; i < count; i++) {
    if (!extend(blocks, i, seq, endSeq)) continue
    const start = blocks[2 * i]
    const end = blocks[2 * i + 1]
    blocks.copyWithin(2, 0, 2 * i)
    blocks[0] = start
    blocks[1] = end
    if (count > 1) maybeCoalesce(sk)
    return
  }
  // nothing adjacent: the last of four is forgotten
  const kept = Math.min(count, TCP_NUM_SACKS - 1)
  blocks.copyWithin(2, 0, 2 * kept)
  blocks[0] = seq
  blocks[1] = endSeq
  sk.numSacks = kept + 1
}

/** `tcp_sack_maybe_coalesce`: the first block has grown, and may touch others now. */
const maybeCoalesce = (sk: TcpSocket): void => {
  const blocks = sk.selectiveAcks
  let i = 1
  while (i < sk.numSacks) {
    if (extend(blocks, 0, blocks[2 * i], blocks[2 * i + 1])) zap(sk, i)
    else i++
  }
}

/** Takes block i away. */
const zap = (sk: TcpSocket, i: number): void => {
  sk.selectiveAcks.copyWithin(2 * i, 2 * i + 2, 2 * sk.numSacks)
  sk.numSacks--
}

/** `tcp_sack_remove`: what was received in order has moved on; blocks below it go. */
export const sackRemove = (sk: TcpSocket): void => {
  if (sk.oooHead === NO_SKB) {
    sk.numSacks = 0
    return
  }
  let i = 0
  while (i < sk.numSacks) {
    if (sk.rcvNxt >= sk.selectiveAcks[2 * i]) zap(sk, i)
    else i++
  }
}

/** `tcp_established_options`: puts the blocks into the header of the segment that is about to leave. Returns their bytes. */
export const writeSack = (sk: TcpSocket): number => {
  const { tx } = sk.stack
  const dsack = sk.dsack ? 1 : 0
  const count = Math.min(sk.numSacks + dsack, MAX_SACK_BLOCKS)
  tx.sackBlocks = count
  if (count === 0) return 0
  if (sk.dsack) {
    tx.sackSeq[0] = sk.duplicateSack[0]
    tx.sackSeq[1] = sk.duplicateSack[1]
  }
  for (let i = dsack; i < count; i++) {
    tx.sackSeq[2 * i] = sk.selectiveAcks[2 * (i - dsack)]
    tx.sackSeq[2 * i + 1] = sk.selectiveAcks[2 * (i - dsack) + 1]
  }
  sk.dsack = false
  return TCPOLEN_SACK_BASE_ALIGNED + TCPOLEN_SACK_PERBLOCK * count
}
