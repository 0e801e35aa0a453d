// Page frames: struct page as columns of typed arrays.
//
// A page frame is an index, the columns are its fields. Frame numbers are dense: each zone starts at a multiple of 1024
// and holes of physical memory have no frames, so a frame number is not a physical address (`Zone.startPfn` is).
// States of a frame and who may move it: free block (page-alloc, PG_buddy on the head), per-CPU list (page-alloc),
// allocated (its owner; refCount ≥ 1 on the head). An owner may put its frames on lists of its own through next/prev.
// Cost: 28 bytes a frame of host memory; the migrate types of pageblocks add one byte for each 512 frames.
// source: include/linux/mm_types.h:struct page

/** `next` of a frame that is on no list (LIST_POISON). */
export const OFF_LIST = -2
/** `rmap` of a page that nothing maps, and list ends. */
export const NONE = -1

/** What a page carries in the model: who wrote it, which version. Both 0: a page of zeroes, never written. */
export interface PageToken {
  tokenWriter: number
  tokenVersion: number
}

/**
 * Who "wrote" a page of zeroes that comes from a server that held something else there and has forgotten it; its version is
 * the number of the event at the server, from 1. The bytes are zeroes, and nothing in the model acts upon the difference.
 */
export const LOST_WRITER = 0xffffffff

// Writers that are no clients: no client but number 2047 of a cluster, in the last pages of 8 GiB, has such a number.

/** Who wrote what other hosts of the LAN send. */
export const OTHER_HOSTS_WRITER = 0xfffffffe

/** Who wrote the first root image; those of others count down from here. */
export const FIRST_IMAGE_WRITER = 0xfffffffd

/** Host memory of one frame. */
export const BYTES_PER_FRAME = 28

/**
 * All page frames of a machine: struct page, one typed array a field.
 *
 * **When to use.** Wherever a page's flags, references, owner's number or content are read or written:
 * `frames.flags[pfn]`.
 *
 * **Details.** The index is the frame number, 0 to `count` − 1. Content is a token, not bytes: who wrote the page and
 * which version. A frame is on at most one list, through `next` and `prev`; OFF_LIST in `next` says that it is on none.
 *
 * **Gotchas.** `private` belongs to the owner of an allocated page, and to the allocator otherwise. `order` holds on
 * the head of a block only. `refCount` has 8 bits and is not checked here. Holes of physical memory have no frames.
 */
export class Frames {
  readonly count: number
  /** Links of the one list a frame can be on; OFF_LIST in `next` when it is on none. */
  readonly next: Int32Array
  readonly prev: Int32Array
  /** PG_ flags. */
  readonly flags: Uint16Array
  /** Order of the block, valid on the head of a free or of an allocated block. */
  readonly order: Uint8Array
  /** References; at least 1 on the head of an allocated block, 0 on anything free. */
  readonly refCount: Uint8Array
  /**
   * page->private and page->index. Allocated: the owner's (the swap slot of a swap-cache page, a page number of a file), 0 at
   * allocation. Per-CPU list: migrate type.
   */
  readonly private: Int32Array
  /** Index into the page tables of the client, those of anonymous memory first; NONE while nothing maps the page. */
  readonly rmap: Int32Array
  /** Content token: who wrote the page, and which version. 0/0 is a page of zeroes. */
  readonly tokenWriter: Uint32Array
  readonly tokenVersion: Uint32Array

  constructor(count: number) {
    this.count = count
    this.next = new Int32Array(count).fill(OFF_LIST)
    this.prev = new Int32Array(count).fill(OFF_LIST)
    this.flags = new Uint16Array(count)
    this.order = new Uint8Array(count)
    this.refCount = new Uint8Array(count)
    this.private = new Int32Array(count)
    this.rmap = new Int32Array(count).fill(NONE)
    this.tokenWriter = new Uint32Array(count)
    this.tokenVersion = new Uint32Array(count)
  }

  /** All columns, for accounting of host memory. */
  columns(): ReadonlyArray<Int32Array | Uint32Array | Uint16Array | Uint8Array> {
    return [
      this.next,
      this.prev,
      this.flags,
      this.order,
      this.refCount,
      this.private,
      this.rmap,
      this.tokenWriter,
      this.tokenVersion
    ]
  }
}
