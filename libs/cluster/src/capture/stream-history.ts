// What has gone over one direction of a connection, for the payload of packets: frames have none, and a stream forgets what has
// been read. A page is kept as its token, and becomes 4096 bytes that repeat it, as tokens travel over real sockets.
import { putTokenBlock } from "@swaplab/nbd"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import type { TcpSocket } from "@swaplab/tcp"

type Piece = ReturnType<TcpSocket["sent"]["unread"]> extends Generator<infer A> ? A : never

/** Pieces of a stream, in order. */
export class StreamHistory {
  readonly #pieces: Array<Piece> = []
  #end = 0
  readonly #page = new Uint8Array(PAGE_SIZE)

  /** Takes what has been written since the last time. */
  follow(socket: TcpSocket): void {
    if (socket.sent.written <= this.#end) return
    for (const piece of socket.sent.unread(this.#end)) this.#pieces.push(piece)
    this.#end = socket.sent.written
  }

  /** Writes the bytes of the stream from offset `from` on; what was read before anybody recorded it is zeroes. */
  fill(into: Uint8Array, from: number): void {
    const to = from + into.length
    for (let i = this.#firstBehind(from); i < this.#pieces.length && this.#pieces[i].start < to; i++) {
      const { bytes, length, start, tokenVersion, tokenWriter } = this.#pieces[i]
      let content = bytes
      if (content === null) {
        putTokenBlock(this.#page, 0, tokenWriter, tokenVersion)
        content = this.#page
      }
      const begin = Math.max(from, start)
      const end = Math.min(to, start + length)
      into.set(content.subarray(begin - start, end - start), begin - from)
    }
  }

  /** The first piece that ends behind an offset. */
  #firstBehind(offset: number): number {
    let low = 0
    let high = this.#pieces.length
    while (low < high) {
      const middle = low + high >>> 1
      const { length, start } = this.#pieces[middle]
      if (start + length <= offset) low = middle + 1
      else high = middle
    }
    return low
  }
}
