// What a protocol tells the device of an skb that it sends.
import { keepAsDoubles } from "@swaplab/sim"
import { IPPROTO_TCP, SACK_STRIDE } from "./packets.ts"
import { TCP_HEADER_BYTES } from "./sizes.ts"

/** Headers of the skb that is about to be handed to the device: filled in by the protocol, read by the device. */
export class TxHeader {
  proto = IPPROTO_TCP
  dst = 0
  sport = 0
  port = 0
  seq = 0
  ack = 0
  wnd = 0
  flags = 0
  len = 0
  tsval = 0
  tsecr = 0
  /** Bytes of the IP and TCP headers, options included. */
  headerBytes = TCP_HEADER_BYTES
  /** As the columns of `Packets`; the options of a SYN are read with a SYN only. */
  sackBlocks = 0
  readonly sackSeq = new Float64Array(SACK_STRIDE)
  synOptions = 0
  synMss = 0
  synScale = 0
  /** Payload bytes per frame: a longer skb is cut by the device (TSO). */
  mss = 0

  constructor() {
    keepAsDoubles<TxHeader>(this, "seq", "ack", "wnd", "tsval", "tsecr")
  }
}
