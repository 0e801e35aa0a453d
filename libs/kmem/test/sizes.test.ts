import {
  ACK_KMALLOC,
  ACK_TRUESIZE,
  fragmentsPerPage,
  netdevFragmentSize,
  netdevTruesize,
  SKB_FCLONE_SLOT,
  SKB_HEAD_SLOT,
  TCP_HEAD_AREA,
  TCP_LINEAR_PAYLOAD,
  tcpDataTruesize
} from "#src/derived-sizes.ts"
import { objectSizes } from "#src/object-sizes.ts"
import { getOrder, kmallocName, kmallocSize, kmallocSizes, skbDataArea, slotAlignment } from "@swaplab/kmem"
import { expect, it } from "vitest"

it.each(
  [
    ["STRUCT_PAGE", 64],
    ["SKBUFF_HEAD", 224],
    ["SKBUFF_FCLONE", 452],
    ["SKB_SHARED_INFO", 320],
    ["NET_SKB_PAD", 64],
    ["NET_IP_ALIGN", 0],
    ["MAX_TCP_HEADER", 272],
    ["BIO", 104],
    ["BIO_VEC", 16],
    ["BIO_0", 168],
    ["REQUEST", 344],
    ["NBD_REQUEST", 28],
    ["NBD_REPLY", 16],
    ["RADIX_TREE_NODE", 560],
    ["VM_AREA_STRUCT", 176],
    ["ANON_VMA", 64],
    ["ANON_VMA_CHAIN", 48],
    ["MM_STRUCT", 816],
    ["TASK_STRUCT", 1880],
    ["KERNEL_STACK", 8192],
    ["IO_CONTEXT", 96],
    ["IO_CQ", 56],
    ["TCP_SOCK", 1720],
    ["TCP_TIMEWAIT_SOCK", 168],
    ["SOCK", 632],
    ["PTE_PAGE", 4096]
  ] as const
)("%s is %i bytes", (name, bytes) => expect(objectSizes[name]).toBe(bytes))

it.each([
  [1, 32, 8],
  [8, 32, 8],
  [33, 64, 64],
  [65, 128, 96],
  [96, 128, 96],
  [97, 128, 128],
  [129, 192, 192],
  [192, 192, 192],
  [193, 256, 256],
  [640, 1024, 1024],
  [2048, 2048, 2048],
  [2049, 4096, 4096],
  [8192, 8192, 8192],
  [8193, 16384, 16384],
  [20_000, 32768, 32768],
  [4_194_304, 4_194_304, 4_194_304]
])("kmalloc(%i) takes %i bytes in SLAB, %i in SLUB", (bytes, slab, slub) => {
  expect(kmallocSize(bytes, "slab")).toBe(slab)
  expect(kmallocSize(bytes, "slub")).toBe(slub)
})

it("names the general caches", () => {
  expect(kmallocSizes("slab").map((bytes) => kmallocName("slab", bytes)).slice(0, 5)).toEqual([
    "size-32",
    "size-64",
    "size-128",
    "size-192",
    "size-256"
  ])
  expect(kmallocName("slub", kmallocSizes("slub").at(-1) ?? 0)).toBe("kmalloc-8192")
})

it.each([[1, 0], [4096, 0], [4097, 1], [8192, 1], [8193, 2], [4_194_304, 10]])("get_order(%i) = %i", (bytes, order) => {
  expect(getOrder(bytes)).toBe(order)
})

it.each([
  [224, true, 0, 64],
  [32, true, 0, 32],
  [33, true, 0, 64],
  [16, true, 0, 16],
  [9, true, 0, 16],
  [8, true, 0, 8],
  [48, false, 0, 8],
  [48, false, 16, 16],
  [224, true, 128, 128]
])("an object of %i bytes (hardware-aligned: %s, asked: %i) is aligned to %i", (size, hwAlign, asked, alignment) => {
  expect(slotAlignment(size, hwAlign, asked)).toBe(alignment)
})

it.each([[272, 640], [576, 896], [1586, 1920]])("skb data area for %i bytes: %i", (bytes, area) => {
  expect(skbDataArea(bytes)).toBe(area)
})

it("derives what a packet costs", () => {
  expect([SKB_HEAD_SLOT, SKB_FCLONE_SLOT]).toEqual([256, 512])
  expect([ACK_KMALLOC, ACK_TRUESIZE]).toEqual([1024, 1280])
  expect([TCP_LINEAR_PAYLOAD, TCP_HEAD_AREA, kmallocSize(TCP_HEAD_AREA)]).toEqual([1456, 2048, 2048])
  expect(tcpDataTruesize(0)).toBe(256 + 320 + 1728)
  expect([netdevFragmentSize(1522), fragmentsPerPage(1920), netdevTruesize(1522)]).toEqual([1920, 2, 1920 + 256])
  expect([netdevFragmentSize(1536), netdevFragmentSize(512), fragmentsPerPage(896)]).toEqual([1920, 896, 4])
})
