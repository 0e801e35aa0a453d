// What the pages of a device hold, as whoever writes them knows: each write makes another version of a page.
// A page that two write at once holds either, and one that was never written here anything: both are unknown until the page is
// written alone.

/** Nobody can say what the page holds. */
export const UNKNOWN = 0

/** Versions of the pages of a device. */
export class DeviceContents {
  readonly #version: Uint32Array
  /** Writes under way, and whether another one began while there was one. */
  readonly #writers: Uint16Array
  readonly #met: Uint8Array
  #versions = 0

  constructor(pages: number) {
    this.#version = new Uint32Array(pages)
    this.#writers = new Uint16Array(pages)
    this.#met = new Uint8Array(pages)
  }

  /** A write of a page begins. Returns its version. */
  begin(page: number): number {
    if (this.#writers[page]++ > 0) this.#met[page] = 1
    this.#version[page] = UNKNOWN
    return ++this.#versions
  }

  /** The write has ended. */
  end(page: number, version: number, failed: boolean): void {
    if (--this.#writers[page] > 0) return
    this.#version[page] = failed || this.#met[page] === 1 ? UNKNOWN : version
    this.#met[page] = 0
  }

  /** The version that a page holds at this moment, or UNKNOWN. */
  of(page: number): number {
    return this.#version[page]
  }
}
