// The part of a client's result about what stands between its memory and the server.

/** What stands between the memory of a client and the server. */
export interface SwapLayersResult {
  /** Its swap areas, in the order in which they were switched on. */
  readonly areas: ReadonlyArray<SwapAreaResult>
  readonly compressed: CompressedResult | null
  readonly crypt: CryptResult | null
}

/** A row of /proc/swaps, and its errors. */
export interface SwapAreaResult {
  readonly path: string
  readonly priority: number
  readonly bytes: number
  readonly usedBytes: number
  readonly failedWrites: number
  readonly failedReads: number
}

/** Pages that were compressed instead of being sent; bytes are those of the whole run. */
export interface CompressedResult {
  readonly kind: "zram" | "zswap"
  /** Bytes of the pages that were stored, before and after compression. */
  readonly storedBytes: number
  readonly compressedBytes: number
  /** The one over the other; null: nothing was stored. */
  readonly ratio: number | null
  /** Bytes of pages that were read back from it. */
  readonly loadedBytes: number
  /** Most bytes of pages that it held at a time, and most memory that it took for them. */
  readonly mostHeldBytes: number
  readonly mostPoolBytes: number
  /** Pages that it did not take, and why. */
  readonly refusedPages: number
  readonly refusals: Readonly<Record<string, number>>
  /** Bytes of pages that zswap wrote to the export to make room. */
  readonly writebackBytes: number
  /** CPU time of the compressor, both ways. */
  readonly cpuNs: number
}

/** Pages that were encrypted. */
export interface CryptResult {
  readonly encryptedBytes: number
  readonly decryptedBytes: number
  readonly cpuNs: number
  /** Most pages that waited for kcryptd. */
  readonly mostQueued: number
  /** Sleeps for want of anything in the pools of dm-crypt, and their time. */
  readonly poolWaits: number
  readonly poolWaitNs: number
}
