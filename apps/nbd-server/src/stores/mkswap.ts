/** Bytes that the header of a swap area takes: a page of x86 and most others. */
const SWAP_HEADER_BYTES = 4096

/**
 * What mkswap writes to the first page, so that swapon works at once: version 1, little-endian, pages of 4096 bytes.
 * source: include/linux/swap.h:union swap_header
 */
export const swapHeader = (size: number, uuid: Uint8Array, label: string): Uint8Array => {
  const page = new Uint8Array(SWAP_HEADER_BYTES)
  const view = new DataView(page.buffer)
  view.setUint32(1024, 1, true)
  view.setUint32(1028, Math.min(0xffffffff, Math.floor(size / SWAP_HEADER_BYTES) - 1), true)
  view.setUint32(1032, 0, true)
  page.set(uuid.subarray(0, 16), 1036)
  page.set(new TextEncoder().encode(label).subarray(0, 15), 1052)
  page.set(new TextEncoder().encode("SWAPSPACE2"), SWAP_HEADER_BYTES - 10)
  return page
}
