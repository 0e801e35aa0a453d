// The network cards of the time, one row each. Whatever depends on the card stands in its row: how the driver fills its
// receive ring, what a buffer is made of, what the card gathers, and the words for the reference of scenarios.
// Modelled: see rx-ring.ts and tx-ring.ts, which read these columns.
// Not modelled: a driver's own ring lengths (tg3: 200 and 511 descriptors, r8169 sends with 64): a machine is given both
// lengths, because 256 lets cards be compared by their way of receiving alone.
// source: drivers/net/ethernet/intel/{e1000,igb}, broadcom/tg3.c, realtek/r8169.c
import type { Nanoseconds } from "@swaplab/sim"

/** What a card and its driver do. */
export interface NicOptions {
  /**
   * refilling: a received buffer goes up and its slot waits for a new one. recycling: the new one comes first, and without
   * it the packet is dropped and the slot keeps its buffer.
   */
  readonly driver: "refilling" | "recycling"
  readonly buffers: "fragment" | "kmalloc" | "page"
  /** Receive slots. */
  readonly ring: number
  /** Bytes a buffer must hold: 1522 (e1000) or 1536 (tg3). */
  readonly bufferBytes: number
  /** Recycling only: packets of at most so many bytes are copied into a fresh skb. More than the MTU: always (r8169). */
  readonly copyBreak: number
  readonly txDescriptors: number
  /** Skbs that may wait for the transmit ring (txqueuelen). */
  readonly txQueueLength: number
  /** From a frame's arrival to the interrupt. */
  readonly interruptDelayNs: Nanoseconds
  /** Least time between two interrupts (interrupt throttling). */
  readonly interruptGapNs: Nanoseconds
  /** From the last bit of a sent skb to the interrupt that reports it. */
  readonly txInterruptDelayNs: Nanoseconds
  readonly watchdogNs: Nanoseconds
}

/** One row of the table of cards. */
export interface Card extends NicOptions {
  /**
   * Takes skbs in fragments and cuts them into segments itself (NETIF_F_SG and NETIF_F_TSO) without ethtool. A driver that
   * has the first on has the second on.
   */
  readonly scatterGather: boolean
  /** What it is made of, for the reference of scenarios. */
  readonly meaning: string
}

const base = {
  ring: 256,
  txDescriptors: 256,
  txQueueLength: 1000,
  interruptDelayNs: 5_000,
  interruptGapNs: 50_000,
  txInterruptDelayNs: 50_000,
  watchdogNs: 2_000_000_000
} as const

const e1000 = { ...base, driver: "refilling", bufferBytes: 1522, copyBreak: 0, scatterGather: true } as const
const tg3 = { ...base, driver: "recycling", ring: 200, bufferBytes: 1536, copyBreak: 256, scatterGather: true } as const

/** Every card by the name of its driver, in the order of the reference. The first is a scenario's default. */
export const CARDS = {
  e1000: { ...e1000, buffers: "fragment", meaning: "page fragments, in a ring that is refilled" },
  igb: { ...e1000, buffers: "page", meaning: "headers in fragments and data in marked half pages, refilled" },
  tg3: {
    ...tg3,
    buffers: "fragment",
    meaning: "page fragments; a packet is dropped and its buffer kept when no new one can be had"
  },
  r8169: {
    ...base,
    driver: "recycling",
    buffers: "fragment",
    bufferBytes: 1536,
    copyBreak: 16384,
    scatterGather: false,
    meaning: "buffers of its own, every packet copied into a new skb; scatter-gather and segmentation are off"
  },
  kmalloc: { ...e1000, buffers: "kmalloc", meaning: "e1000 of the 3.4 era: 2048-byte buffers of kmalloc, refilled" },
  "tg3-kmalloc": {
    ...tg3,
    buffers: "kmalloc",
    meaning: "tg3 of the 3.4 era: as tg3, with 2048-byte buffers of kmalloc"
  }
} as const satisfies Record<string, Card>

/** The name of a card: a key of `CARDS`. */
export type CardName = keyof typeof CARDS

/** The card of a name. Its type is the row's, whatever the literal types of one row are. */
export const cardOf = (name: CardName): Card => CARDS[name]

/** Whether a text is the name of a card. */
export const isCardName = (name: string): name is CardName => Object.hasOwn(CARDS, name)

/** Names of all cards, in the order of the table. */
export const CARD_NAMES: ReadonlyArray<CardName> = Object.keys(CARDS).filter(isCardName)
