// Contents of an image as tokens that are computed: page p holds the token (writer, p + 1). It takes no memory, and whoever
// reads a page can tell whether it is the right one. It is never written.
import { assert } from "../wire/assert.ts"
import { putU32 } from "../wire/bytes.ts"
import { TOKEN_BYTES } from "./carriage.ts"

/** The pages of one image. */
export class ImageTokens {
  readonly pages: number
  /** Who wrote the image: no client and no other image has this number. */
  readonly writer: number

  constructor(pages: number, writer: number) {
    this.pages = pages
    this.writer = writer
  }

  /** Puts the tokens of pages into `into`, 8 bytes each. */
  read(page: number, count: number, into: Uint8Array): void {
    assert(page >= 0 && page + count <= this.pages, "reading past the end of an image")
    for (let i = 0; i < count; i++) {
      putU32(into, i * TOKEN_BYTES, this.writer)
      putU32(into, i * TOKEN_BYTES + 4, page + i + 1)
    }
  }
}
