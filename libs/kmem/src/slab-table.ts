/**
 * The slabs of one cache: one row of typed-array columns per slab, intrusive lists over rows, and the chain of free objects.
 *
 * Modelled: struct slab with its bufctl array (SLAB), respectively the slab fields of struct page and the free pointers inside
 * the objects (SLUB): inuse, freelist, objects, and which list the slab is on. The chain is LIFO like Linux's.
 * Not modelled: colouring, which only shifts addresses.
 * An object is always in exactly one place, written in its chain cell: free (index of the next free object, or END), CACHED (in
 * a per-CPU or shared array) or HELD (in a caller's hands). A double free is therefore caught at once.
 * Memory: 2 bytes per object slot and 29 bytes per slab; rows double when they run out and are never given back.
 */
import { assert, ColumnBuffer } from "@swaplab/sim"
import { makeObject, MAX_OBJECTS_PER_SLAB, type SlabNumbers } from "./handle.ts"

/** No row. */
export const NO_SLAB = -1
/** End of a chain of free objects: the slab has none. */
export const CHAIN_END = 0xffff
/** Chain cell of an object that sits in a per-CPU or shared array. */
export const CACHED = 0xfffe
/** Chain cell of an object in a caller's hands. */
export const HELD = 0xfffd

/** List number of a row that is on no list, and of a row that holds no slab. */
export const ON_NO_LIST = 0xfe
const ROW_UNUSED = 0xff

const FIRST_CAPACITY = 8
/** Of its columns, without those of its objects. */
const BYTES_PER_SLAB = 29

/** Columns, lists and chains of the slabs of one cache. */
export class SlabTable {
  /** Most objects a slab of this cache can hold: the stride of `chain`. */
  readonly stride: number
  /** First page frame of the slab. */
  page: Int32Array
  /** Its number on the machine: the high bits of its objects' handles. */
  number: Int32Array
  /** Order of its block (SLUB slabs may have the fallback order). */
  order: Uint8Array
  /** Objects it holds. */
  objects: Uint16Array
  /** Objects taken from it: with callers or in arrays (SLAB), with callers or on a CPU freelist (SLUB). */
  inuse: Uint16Array
  /** First free object, or CHAIN_END. */
  freelist: Uint16Array
  /** List it is on, or ON_NO_LIST. */
  list: Uint8Array
  /** SLUB: belongs to a CPU. Unused by SLAB. */
  frozen: Uint8Array
  /** Free for the owner. SLAB: the off-slab management object; SLUB: objects counted on the CPU partial list. */
  aux: Int32Array
  next: Int32Array
  prev: Int32Array
  /** Per object: see the head of this file. Cell of object i of row r: r × stride + i. */
  chain: Uint16Array
  /** Per list: first row, last row, number of rows. */
  readonly head: Int32Array
  readonly tail: Int32Array
  readonly count: Int32Array
  readonly #numbers: SlabNumbers
  /** Slabs that exist. */
  rows = 0
  #capacity = FIRST_CAPACITY
  #freeRow = NO_SLAB

  /** A table of slabs of at most `stride` objects on `lists` lists; `numbers` are those of the whole machine. */
  constructor(stride: number, lists: number, numbers: SlabNumbers) {
    assert(stride >= 1 && stride <= MAX_OBJECTS_PER_SLAB, "slab table: too many objects in a slab")
    assert(lists < ON_NO_LIST, "slab table: too many lists")
    this.stride = stride
    this.#numbers = numbers
    const columns = new ColumnBuffer((BYTES_PER_SLAB + 2 * stride) * FIRST_CAPACITY)
    this.page = columns.int32(FIRST_CAPACITY)
    this.number = columns.int32(FIRST_CAPACITY)
    this.aux = columns.int32(FIRST_CAPACITY)
    this.next = columns.int32(FIRST_CAPACITY)
    this.prev = columns.int32(FIRST_CAPACITY)
    this.objects = columns.uint16(FIRST_CAPACITY)
    this.inuse = columns.uint16(FIRST_CAPACITY)
    this.freelist = columns.uint16(FIRST_CAPACITY)
    this.chain = columns.uint16(FIRST_CAPACITY * stride)
    this.order = columns.uint8(FIRST_CAPACITY)
    this.list = columns.uint8(FIRST_CAPACITY)
    this.frozen = columns.uint8(FIRST_CAPACITY)
    this.head = new Int32Array(lists).fill(NO_SLAB)
    this.tail = new Int32Array(lists).fill(NO_SLAB)
    this.count = new Int32Array(lists)
    this.#linkFreeRows(0)
  }

  /** Rows that fit without growing. */
  get capacity(): number {
    return this.#capacity
  }

  /** A new slab of `objects` free objects, on no list. Object 0 is the first to be taken. */
  create(page: number, order: number, objects: number): number {
    assert(objects >= 1 && objects <= this.stride, "slab table: wrong number of objects")
    if (this.#freeRow === NO_SLAB) this.#grow()
    const row = this.#freeRow
    assert(this.list[row] === ROW_UNUSED, "slab table: row in use")
    this.#freeRow = this.next[row]
    this.page[row] = page
    this.number[row] = this.#numbers.take(page)
    this.order[row] = order
    this.objects[row] = objects
    this.inuse[row] = 0
    this.freelist[row] = 0
    this.frozen[row] = 0
    this.aux[row] = 0
    this.list[row] = ON_NO_LIST
    const base = row * this.stride
    for (let i = 0; i < objects - 1; i++) this.chain[base + i] = i + 1
    this.chain[base + objects - 1] = CHAIN_END
    this.rows++
    return row
  }

  /** The slab's pages go back: its row is reused. It must be on no list and have no object in use. */
  destroy(row: number): void {
    assert(this.list[row] === ON_NO_LIST, "slab table: destroying a slab that is on a list")
    assert(this.inuse[row] === 0, "slab table: destroying a slab with objects in use")
    this.#numbers.put(this.number[row])
    this.list[row] = ROW_UNUSED
    this.page[row] = -1
    this.next[row] = this.#freeRow
    this.#freeRow = row
    this.rows--
  }

  /** Takes the first free object of a slab; its cell becomes `state`. */
  take(row: number, state: number): number {
    const index = this.freelist[row]
    assert(index !== CHAIN_END, "slab table: taking from a full slab")
    const cell = row * this.stride + index
    this.freelist[row] = this.chain[cell]
    this.chain[cell] = state
    this.inuse[row]++
    return index
  }

  /** Returns an object to its slab. */
  put(row: number, index: number): void {
    assert(this.inuse[row] > 0, "slab table: more objects returned than taken")
    this.chain[row * this.stride + index] = this.freelist[row]
    this.freelist[row] = index
    this.inuse[row]--
  }

  /** Handle of an object of a slab. */
  objectOf(row: number, index: number): number {
    return makeObject(this.number[row], index)
  }

  /** First page frame of the slab of an object. @see include/linux/mm.h:virt_to_head_page */
  pageOf(object: number): number {
    return this.#numbers.pageOf(object)
  }

  addHead(list: number, row: number): void {
    assert(this.list[row] === ON_NO_LIST, "slab table: slab is already on a list")
    const first = this.head[list]
    this.list[row] = list
    this.prev[row] = NO_SLAB
    this.next[row] = first
    if (first === NO_SLAB) this.tail[list] = row
    else this.prev[first] = row
    this.head[list] = row
    this.count[list]++
  }

  addTail(list: number, row: number): void {
    assert(this.list[row] === ON_NO_LIST, "slab table: slab is already on a list")
    const last = this.tail[list]
    this.list[row] = list
    this.next[row] = NO_SLAB
    this.prev[row] = last
    if (last === NO_SLAB) this.head[list] = row
    else this.next[last] = row
    this.tail[list] = row
    this.count[list]++
  }

  /** Takes a slab off the list it is on. */
  unlink(row: number): void {
    const list = this.list[row]
    assert(list < ON_NO_LIST, "slab table: slab is on no list")
    const next = this.next[row]
    const prev = this.prev[row]
    if (prev === NO_SLAB) this.head[list] = next
    else this.next[prev] = next
    if (next === NO_SLAB) this.tail[list] = prev
    else this.prev[next] = prev
    this.list[row] = ON_NO_LIST
    this.count[list]--
  }

  /** True when the row holds a slab. */
  exists(row: number): boolean {
    return row >= 0 && row < this.#capacity && this.list[row] !== ROW_UNUSED
  }

  /** Lists well linked, chains of the right length, every row accounted for. Slow: for tests. */
  checkInvariants(): void {
    let used = 0
    for (let row = 0; row < this.#capacity; row++) {
      if (this.list[row] === ROW_UNUSED) continue
      used++
      this.#checkChain(row)
    }
    assert(used === this.rows, "slab table: row count is wrong")
    for (let list = 0; list < this.count.length; list++) {
      let rows = 0
      let prev = NO_SLAB
      for (let row = this.head[list]; row !== NO_SLAB; row = this.next[row]) {
        assert(this.list[row] === list, "slab table: slab on a list does not know it")
        assert(this.prev[row] === prev, "slab table: broken list")
        assert(++rows <= this.rows, "slab table: list does not end")
        prev = row
      }
      assert(this.tail[list] === prev && this.count[list] === rows, "slab table: list tail or count is wrong")
    }
  }

  #checkChain(row: number): void {
    const base = row * this.stride
    let chained = 0
    for (let index = this.freelist[row]; index !== CHAIN_END; index = this.chain[base + index]) {
      assert(index < this.objects[row], "slab table: chain leaves the slab")
      assert(++chained <= this.objects[row], "slab table: chain does not end")
    }
    assert(chained === this.objects[row] - this.inuse[row], "slab table: free objects and inuse disagree")
  }

  #linkFreeRows(from: number): void {
    for (let row = this.#capacity - 1; row >= from; row--) {
      this.list[row] = ROW_UNUSED
      this.page[row] = -1
      this.next[row] = this.#freeRow
      this.#freeRow = row
    }
  }

  #grow(): void {
    const from = this.#capacity
    const to = from * 2
    this.#capacity = to
    const columns = new ColumnBuffer((BYTES_PER_SLAB + 2 * this.stride) * to)
    this.page = widen(this.page, columns.int32(to))
    this.number = widen(this.number, columns.int32(to))
    this.aux = widen(this.aux, columns.int32(to))
    this.next = widen(this.next, columns.int32(to))
    this.prev = widen(this.prev, columns.int32(to))
    this.objects = widen(this.objects, columns.uint16(to))
    this.inuse = widen(this.inuse, columns.uint16(to))
    this.freelist = widen(this.freelist, columns.uint16(to))
    this.chain = widen(this.chain, columns.uint16(to * this.stride))
    this.order = widen(this.order, columns.uint8(to))
    this.list = widen(this.list, columns.uint8(to))
    this.frozen = widen(this.frozen, columns.uint8(to))
    this.#linkFreeRows(from)
  }
}

function widen<T extends Int32Array | Uint16Array | Uint8Array>(from: T, to: T): T {
  to.set(from)
  return to
}
