// Bytes that a frame costs on the wire and in a packet buffer.
// Modelled: header, frame check sequence, padding of short frames, preamble and the gap between frames.
// Not modelled: the gap follows a frame, here it is counted before its arrival (96 ns late at 1 Gb); VLAN tags.

/** What a link adds to the bytes of a packet. */
export interface Framing {
  /** Added to the packet and stored with it in buffers: Ethernet header and check sequence. */
  readonly overheadBytes: number
  /** Shortest frame, padding included; without preamble and gap. */
  readonly minimumBytes: number
  /** On the wire only: preamble, start delimiter and gap. */
  readonly gapBytes: number
}

/** Ethernet around a network-layer packet: 14 + 4 stored, 8 + 12 on the wire only. */
export const ETHERNET: Framing = { overheadBytes: 18, minimumBytes: 64, gapBytes: 20 }

/** Bytes that a packet takes in a buffer. */
export const storedBytes = (framing: Framing, packetBytes: number): number => {
  const bytes = packetBytes + framing.overheadBytes
  return bytes < framing.minimumBytes ? framing.minimumBytes : bytes
}

/** Bytes of time that a packet takes on the wire. */
export const wireBytes = (framing: Framing, packetBytes: number): number =>
  storedBytes(framing, packetBytes) + framing.gapBytes
