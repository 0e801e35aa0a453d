// The network cards of the time, one row each. Whatever depends on the card stands in its row: how the driver fills its
// receive ring, what a buffer is made of, what the card gathers, and the words for the reference of scenarios.
// Modelled: see rx-ring.ts and tx-ring.ts, which read these columns.
// Not modelled: a driver's own ring lengths (tg3: 200 and 511 descriptors, r8169 sends with 64) where a machine is given both
// lengths, because 256 lets cards be compared by their way of receiving alone; for the same reason a driver's own interrupt
// moderation (`moderates`) is used only where it is asked for; the 64 KiB buffers that cxgb4 prefers while memory has them (these are the single pages that it falls back to); the
// process that refills virtio-net's ring at once with GFP_KERNEL (here it is tried every 500 ms, which is what follows), and the
// long packets that its host may hand over; ixgbe's copying of a packet of up to 256 bytes, which leaves its page in the slot;
// ixgbevf as 3.5 has it.
// source, read at 3.5 and 3.6: drivers/net/ethernet/intel/{e1000,e1000e,igb,ixgbe,ixgbevf}, broadcom/{tg3,bnx2}.c,
// realtek/r8169.c, nvidia/forcedeth.c, chelsio/{cxgb4,cxgb4vf}/sge.c; drivers/net/virtio_net.c, usb/{usbnet,smsc95xx}.c
import { PAGE_SIZE } from "@swaplab/page-alloc"
import type { Nanoseconds } from "@swaplab/sim"
import type { CoalesceKeys } from "./ethtool-coalesce.ts"
import type { Feature } from "./ethtool.ts"
import { AT_ONCE, type Coalescing } from "./moderation.ts"
import type { UsbOptions } from "./usbnet.ts"

/** How a driver whose buffers are pages makes skbs of them. */
export interface PageBuffers {
  /** Bytes of the skb that has the headers, and when it is allocated: with the slot's buffer, or when a packet has come. */
  readonly headerBytes: number
  readonly header: "slot" | "packet"
  /** Without memory for the header of a packet: it waits in its slot and the poll ends, or it is dropped and the page stays. */
  readonly withoutHeader: "waits" | "drops"
  /** A page serves two packets, its halves; otherwise one. */
  readonly halves: boolean
  /** What the page adds to truesize; null: as much as there is payload. */
  readonly truesize: number | null
  /** It comes from `__skb_alloc_page`, which patch skb-alloc-page lets use the reserve; otherwise from alloc_page. */
  readonly reserve: boolean
}

/** What a card and its driver do. */
export interface NicOptions {
  /**
   * refilling: a received buffer goes up and its slot waits for a new one. recycling: the new one comes first, and without
   * it the packet is dropped and the slot keeps its buffer.
   */
  readonly driver: "refilling" | "recycling"
  /** fragment: of a page, by netdev_alloc_skb. kmalloc: by __alloc_skb; with `usb` one for each transfer. data: kmalloc'd data, a head by build_skb. page: `page`. */
  readonly buffers: "fragment" | "kmalloc" | "data" | "page"
  /** Only and always with buffers of pages. */
  readonly page: PageBuffers | null
  /** Of a card on USB, whose buffers are transfers of many frames (usbnet.ts). */
  readonly usb: UsbOptions | null
  /** Refilling: during a poll slots are refilled when so many are empty; `half`: never unless half of the ring is. */
  readonly refill: number | "half"
  /** Packets of one poll (netif_napi_add). */
  readonly weight: number
  /** Receive slots. */
  readonly ring: number
  /** Bytes a buffer must hold: 1522 (e1000) or 1536 (tg3). */
  readonly bufferBytes: number
  /** Recycling only: packets of at most so many bytes are copied into a fresh skb. More than the MTU: always (r8169). */
  readonly copyBreak: number
  /** Takes skbs in fragments of pages (NETIF_F_SG), cuts long ones itself (NETIF_F_TSO), merges what it receives (NETIF_F_GRO). */
  readonly sg: boolean
  readonly tso: boolean
  readonly gro: boolean
  readonly txDescriptors: number
  /** Skbs that may wait for the transmit ring (txqueuelen). */
  readonly txQueueLength: number
  /** From a frame's arrival to the interrupt. */
  readonly interruptDelayNs: Nanoseconds
  /** Least time between two interrupts (interrupt throttling). */
  readonly interruptGapNs: Nanoseconds
  /** How interrupts are moderated. Null: by `interruptGapNs` and `txInterruptDelayNs`, whatever the driver does. */
  readonly coalesce: Coalescing | null
  /** From the last bit of a sent skb to the interrupt that reports it. */
  readonly txInterruptDelayNs: Nanoseconds
  /** How often a ring that could not be filled is tried again without packets: a watchdog or a timer of the driver. */
  readonly watchdogNs: Nanoseconds
}

/** One row of the table of cards. */
export interface Card extends NicOptions {
  /** Of sg, tso and gro, which are what they are without ethtool: those that ethtool cannot change. */
  readonly fixed: ReadonlyArray<Feature>
  /** How its driver moderates interrupts without ethtool, on a gigabit (or more) and on less. */
  readonly moderates: Coalescing
  readonly moderatesSlow: Coalescing
  /** What `ethtool -C` takes for it. */
  readonly coalesceKeys: CoalesceKeys
  /** Rings that the driver does not let anybody change, and the fastest cable. */
  readonly fixedRings: boolean
  readonly mostBitsPerSecond: number
  /** What it is made of, for the reference of scenarios. */
  readonly meaning: string
}

/** The ITR of e1000 and e1000e: conservative (3), from 20,000 a second; 4000 on less than a gigabit. TIDV is 8 × 1.024 us. */
const itr = {
  moderates: { rxUsecs: 0, rxFrames: 0, txUsecs: 8, gapUsecs: 50, follows: "itr" },
  moderatesSlow: { rxUsecs: 0, rxFrames: 0, txUsecs: 8, gapUsecs: 250, follows: "nothing" },
  coalesceKeys: { "rx-usecs": { adaptive: 3, values: [0, 3], min: 10, max: 10_000 } }
} as const

/** EITR of ixgbe, from 20,000 a second. */
const eitr = { rxUsecs: 0, rxFrames: 0, txUsecs: 0, gapUsecs: 50, follows: "byte-rate" } as const

/** Hold-off of tg3 with tagged status (BCM5701 and later), and of bnx2. */
const tg3Hold = { rxUsecs: 20, rxFrames: 5, txUsecs: 72, gapUsecs: 0, follows: "nothing" } as const
const bnx2Hold = { rxUsecs: 18, rxFrames: 12, txUsecs: 80, gapUsecs: 0, follows: "nothing" } as const
const holdKeys = {
  "rx-usecs": { adaptive: null, values: [], min: 1, max: 1023 },
  "rx-frames": { adaptive: null, values: [], min: 0, max: 255 }
} as const

/** The first hold-off timer and counter of cxgb4: 5 us or one packet. When sent packets are reported is assumed. */
const cxgb4Hold = { rxUsecs: 5, rxFrames: 1, txUsecs: 50, gapUsecs: 0, follows: "nothing" } as const

/** IntrMitigate is 0x5151 on RTL8168, in units of 40 us (20.48 us at 100 Mbit) and of four frames. */
const r8169Hold = { rxUsecs: 200, rxFrames: 4, txUsecs: 200, gapUsecs: 0, follows: "nothing" } as const

/** Interrupts of a USB host controller: at microframes of 125 us. */
const usbTicks = { ...AT_ONCE, gapUsecs: 125, follows: "ticks" } as const

const base = {
  moderates: AT_ONCE,
  moderatesSlow: AT_ONCE,
  coalesceKeys: {} as CoalesceKeys,
  fixedRings: false,
  mostBitsPerSecond: Number.POSITIVE_INFINITY,
  usb: null as UsbOptions | null,
  coalesce: null as Coalescing | null,
  sg: true,
  tso: true,
  gro: true,
  fixed: [] as ReadonlyArray<Feature>,
  ring: 256,
  txDescriptors: 256,
  txQueueLength: 1000,
  interruptDelayNs: 5_000,
  interruptGapNs: 50_000,
  txInterruptDelayNs: 50_000,
  watchdogNs: 2_000_000_000,
  page: null,
  refill: 16,
  weight: 64
} as const

/** Half pages with their headers in a buffer of the slot, by igb. */
const halves = {
  headerBytes: 512,
  header: "slot",
  withoutHeader: "waits",
  halves: true,
  truesize: PAGE_SIZE / 2,
  reserve: true
} as const

/** napi_get_frags and pages of a free list, by cxgb4 and cxgb4vf. */
const cxgb4 = {
  ...base,
  moderates: cxgb4Hold,
  moderatesSlow: cxgb4Hold,
  coalesceKeys: {
    "rx-usecs": { adaptive: null, values: [5, 10, 20, 50, 100], min: 1, max: 0 },
    "rx-frames": { adaptive: null, values: [1, 4, 8, 16], min: 1, max: 0 }
  },
  driver: "refilling",
  buffers: "page",
  ring: 72,
  txDescriptors: 1024,
  bufferBytes: 1536,
  copyBreak: 0,
  watchdogNs: 500_000_000,
  page: { ...halves, headerBytes: 272, header: "packet", withoutHeader: "drops", truesize: null }
} as const

const e1000 = { ...base, ...itr, driver: "refilling", bufferBytes: 1522, copyBreak: 0 } as const
const tg3 = {
  ...base,
  moderates: tg3Hold,
  moderatesSlow: tg3Hold,
  coalesceKeys: holdKeys,
  driver: "recycling",
  ring: 200,
  bufferBytes: 1536,
  copyBreak: 256
} as const

/** Every card by the name of its driver, in the order of the reference. The first is a scenario's default. */
export const CARDS = {
  e1000: { ...e1000, buffers: "fragment", meaning: "page fragments, in a ring that is refilled" },
  e1000e: { ...e1000, buffers: "fragment", meaning: "as e1000" },
  igb: {
    ...e1000,
    buffers: "page",
    page: halves,
    moderates: { rxUsecs: 0, rxFrames: 0, txUsecs: 0, gapUsecs: 162, follows: "packet-size" },
    moderatesSlow: { rxUsecs: 0, rxFrames: 0, txUsecs: 0, gapUsecs: 245, follows: "nothing" },
    meaning: "headers in fragments and data in marked half pages, refilled"
  },
  ixgbe: {
    ...e1000,
    buffers: "page",
    ring: 512,
    txDescriptors: 512,
    moderates: eitr,
    moderatesSlow: eitr,
    coalesceKeys: { "rx-usecs": { adaptive: 1, values: [0, 1], min: 2, max: 1022 } },
    page: { ...halves, headerBytes: 256, header: "packet" },
    meaning:
      "marked half pages, and headers in fragments that are allocated for each packet: without one the ring waits"
  },
  ixgbevf: {
    ...e1000,
    buffers: "fragment",
    ring: 512,
    txDescriptors: 1024,
    moderates: eitr,
    moderatesSlow: eitr,
    coalesceKeys: {},
    meaning: "page fragments, in a ring that is refilled, as 3.6 has it (3.5 split headers from data in half pages)"
  },
  cxgb4: {
    ...cxgb4,
    meaning: "marked pages of two packets, refilled; without memory for the headers a packet is dropped"
  },
  cxgb4vf: { ...cxgb4, meaning: "as cxgb4" },
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
    moderates: r8169Hold,
    moderatesSlow: { ...r8169Hold, rxUsecs: 102, txUsecs: 102 },
    sg: false,
    tso: false,
    meaning: "buffers of its own, every packet copied into a new skb; scatter-gather and segmentation are off"
  },
  bnx2: {
    ...base,
    driver: "recycling",
    buffers: "data",
    ring: 255,
    txDescriptors: 255,
    bufferBytes: 1540,
    copyBreak: 128,
    moderates: bnx2Hold,
    moderatesSlow: bnx2Hold,
    coalesceKeys: holdKeys,
    meaning:
      "2048-byte buffers of kmalloc without any mark; a packet is dropped and its buffer kept when no new one can be had"
  },
  forcedeth: {
    ...e1000,
    buffers: "fragment",
    ring: 512,
    bufferBytes: 1628,
    // at the end of a pass over the ring, which takes 64 packets at most
    refill: 64,
    // OOM_REFILL: 1 + HZ / 20 ticks
    watchdogNs: 51_000_000,
    moderates: { ...AT_ONCE, follows: "timer" },
    moderatesSlow: { ...AT_ONCE, follows: "timer" },
    coalesceKeys: {},
    meaning: "page fragments, refilled at the end of a poll, and after 51 ms where memory lacked"
  },
  "virtio-net": {
    ...base,
    driver: "refilling",
    buffers: "page",
    bufferBytes: 1536,
    copyBreak: 0,
    gro: false,
    fixed: ["gro"],
    refill: "half",
    weight: 128,
    watchdogNs: 500_000_000,
    page: {
      headerBytes: 128,
      header: "packet",
      withoutHeader: "drops",
      halves: false,
      truesize: PAGE_SIZE,
      reserve: false
    },
    meaning: "a page for each packet, refilled when half of the ring is empty; its driver does no GRO"
  },
  smsc95xx: {
    ...base,
    driver: "refilling",
    buffers: "kmalloc",
    bufferBytes: 18_944,
    copyBreak: 0,
    sg: false,
    tso: false,
    gro: false,
    fixed: ["sg", "tso", "gro"],
    // RX_MAX_QUEUE_MEMORY over the bytes of a transfer, and of a frame with its headers
    ring: 4,
    txDescriptors: 59,
    fixedRings: true,
    mostBitsPerSecond: 1e8,
    interruptDelayNs: 0,
    watchdogNs: 1_000_000,
    coalesce: usbTicks,
    moderates: usbTicks,
    moderatesSlow: usbTicks,
    // BULK_IN_DLY: 0x2000 of 16.667 ns. The CPU time is assumed
    usb: { burstBytes: 18_944, urbs: 4, bulkInDelayNs: 136_533, fifoBytes: 20_480, urbNs: 4000 },
    meaning:
      "USB 2.0 at 100 Mbit, by usbnet: transfers of many frames in 32 KiB of kmalloc, whose clones join the backlog; no NAPI"
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
