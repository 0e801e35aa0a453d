// The content of one direction of a connection, addressed by stream offset.
// Modelled: what was written where: small headers as real bytes, a 4096-byte page as its token (writer, version). Segments
// carry only sequence numbers; since TCP delivers in order and once, whoever has received up to offset n may read up to n.
// Cost: content cannot be corrupted on the way, only lost, repeated or misplaced, and misplacing dies here.
import { PAGE_SIZE, type PageToken } from "@swaplab/page-alloc"
import { assert, keepAsDoubles } from "@swaplab/sim"

/** Room of a connection that begins; it doubles when it is full. */
const FIRST_PIECES = 16
const FIRST_BYTES = 256

/** A piece of a stream: bytes, or a page by its token. */
export interface StreamPiece extends PageToken {
  /** Stream offset of its first byte. */
  readonly start: number
  readonly length: number
  /** Null: it is a page. */
  readonly bytes: Uint8Array | null
}

/** A first-in, first-out store of pieces with their stream offsets. */
export class StreamContent {
  /** Offsets of the end of what was written, and of what was read. */
  written = 0
  read = 0
  // pieces #first … #last (counters masked by capacity)
  #first = 0
  #last = 0
  #start = new Float64Array(FIRST_PIECES)
  #length = new Int32Array(FIRST_PIECES)
  /** Position of a header's bytes, or −1 for a page. */
  #at = new Float64Array(FIRST_PIECES)
  #writer = new Uint32Array(FIRST_PIECES)
  #version = new Uint32Array(FIRST_PIECES)
  #bytes = new Uint8Array(FIRST_BYTES)
  #bytesRead = 0
  #bytesWritten = 0

  constructor() {
    keepAsDoubles<StreamContent>(this, "written", "read")
  }

  /** Appends `bytes` at the end of the stream. */
  appendBytes(bytes: Uint8Array): void {
    const n = bytes.length
    if (n === 0) return
    while (this.#bytesWritten + n - this.#bytesRead > this.#bytes.length) this.#growBytes()
    const mask = this.#bytes.length - 1
    for (let i = 0; i < n; i++) this.#bytes[(this.#bytesWritten + i) & mask] = bytes[i]
    this.#append(n, this.#bytesWritten, 0, 0)
    this.#bytesWritten += n
  }

  /** Appends a page, by its token. */
  appendPage(writer: number, version: number): void {
    this.#append(PAGE_SIZE, -1, writer, version)
  }

  /** Reads the next `n` bytes into `into` from position `from`. They must be bytes, not part of a page. */
  readBytes(into: Uint8Array, from: number, n: number): void {
    const mask = this.#bytes.length - 1
    let left = n
    let to = from
    while (left > 0) {
      assert(this.#first !== this.#last, "reading beyond what was written")
      const piece = this.#first & (this.#start.length - 1)
      assert(this.#at[piece] >= 0, "the reader expects bytes where the writer sent a page")
      const offset = this.read - this.#start[piece]
      const count = Math.min(left, this.#length[piece] - offset)
      const at = this.#at[piece] + offset
      for (let i = 0; i < count; i++) into[to + i] = this.#bytes[(at + i) & mask]
      to += count
      left -= count
      this.read += count
      this.#bytesRead += count
      if (offset + count === this.#length[piece]) this.#first++
    }
  }

  /** Takes the next page, whole: the reader has received all of it. */
  readPage(out: PageToken): void {
    assert(this.#first !== this.#last, "reading beyond what was written")
    const piece = this.#first & (this.#start.length - 1)
    assert(
      this.#at[piece] < 0 && this.#start[piece] === this.read,
      "the reader expects a page where the writer sent bytes"
    )
    out.tokenWriter = this.#writer[piece]
    out.tokenVersion = this.#version[piece]
    this.read += PAGE_SIZE
    this.#first++
  }

  /** Copies of what was written from stream offset `from` on and is not read yet, for whoever records what goes over a wire. */
  *unread(from: number): Generator<StreamPiece> {
    const mask = this.#bytes.length - 1
    for (let i = this.#first; i !== this.#last; i++) {
      const piece = i & (this.#start.length - 1)
      const at = this.#at[piece]
      const page = at < 0
      const start = page ? this.#start[piece] : Math.max(this.#start[piece], this.read)
      if (start < from) continue
      const skipped = start - this.#start[piece]
      const length = this.#length[piece] - skipped
      const bytes = page ? null : Uint8Array.from({ length }, (_, n) => this.#bytes[(at + skipped + n) & mask])
      yield { start, length, bytes, tokenWriter: this.#writer[piece], tokenVersion: this.#version[piece] }
    }
  }

  checkInvariants(): void {
    let offset = this.#first === this.#last ? this.written : this.#start[this.#first & (this.#start.length - 1)]
    for (let i = this.#first; i !== this.#last; i++) {
      const piece = i & (this.#start.length - 1)
      assert(this.#start[piece] === offset, "pieces are not contiguous")
      offset += this.#length[piece]
    }
    assert(offset === this.written, "stream content and stream offset disagree")
    assert(this.read <= this.written, "read beyond the end")
  }

  #append(length: number, at: number, writer: number, version: number): void {
    if (this.#last - this.#first === this.#start.length) this.#growPieces()
    const piece = this.#last++ & (this.#start.length - 1)
    this.#start[piece] = this.written
    this.#length[piece] = length
    this.#at[piece] = at
    this.#writer[piece] = writer
    this.#version[piece] = version
    this.written += length
  }

  #growPieces(): void {
    const n = this.#start.length
    const start = new Float64Array(n * 2)
    const length = new Int32Array(n * 2)
    const at = new Float64Array(n * 2)
    const writer = new Uint32Array(n * 2)
    const version = new Uint32Array(n * 2)
    for (let i = this.#first; i < this.#last; i++) {
      const from = i & (n - 1)
      const to = i & (n * 2 - 1)
      start[to] = this.#start[from]
      length[to] = this.#length[from]
      at[to] = this.#at[from]
      writer[to] = this.#writer[from]
      version[to] = this.#version[from]
    }
    this.#start = start
    this.#length = length
    this.#at = at
    this.#writer = writer
    this.#version = version
  }

  #growBytes(): void {
    const n = this.#bytes.length
    const wider = new Uint8Array(n * 2)
    for (let i = this.#bytesRead; i < this.#bytesWritten; i++) wider[i & (n * 2 - 1)] = this.#bytes[i & (n - 1)]
    this.#bytes = wider
  }
}
