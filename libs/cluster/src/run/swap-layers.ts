// What a client has between its memory and the server: the figures of compressed memory and of encryption.
import type { Machine } from "@swaplab/kernel"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import { addBoth, addFigures } from "./add-figures.ts"
import type { CompressedResult, CryptResult, SwapLayersResult } from "./swap-layers-result.ts"

const sumOf = <A>(list: ReadonlyArray<A>, of: (item: A) => number): number =>
  list.reduce((sum, item) => sum + of(item), 0)

/** Bytes of whole pages to bytes after compression; null of nothing. */
const ratioOf = (pages: number, compressedBytes: number): number | null =>
  compressedBytes === 0 ? null : pages * PAGE_SIZE / compressedBytes

const zramResult = (machine: Machine): CompressedResult | null => {
  const { zrams } = machine.swapSetup
  if (zrams.length === 0) return null
  const failed = sumOf(zrams, ({ stats }) => stats.failedWrites)
  const stored = sumOf(zrams, ({ stats }) => stats.stores)
  const compressedBytes = sumOf(zrams, ({ stats }) => stats.storedBytes)
  return {
    kind: "zram",
    storedBytes: stored * PAGE_SIZE,
    compressedBytes,
    ratio: ratioOf(stored, compressedBytes),
    loadedBytes: sumOf(zrams, ({ stats }) => stats.numReads) * PAGE_SIZE,
    mostHeldBytes: sumOf(zrams, ({ stats }) => stats.mostBlocks) * PAGE_SIZE,
    mostPoolBytes: sumOf(zrams, ({ stats }) => stats.mostPages) * PAGE_SIZE,
    refusedPages: failed,
    refusals: { "no memory": failed },
    writebackBytes: 0,
    cpuNs: sumOf(zrams, ({ stats }) => stats.cpuNs)
  }
}

const zswapResult = ({ swapSetup: { zswap } }: Machine): CompressedResult | null => {
  if (zswap === null) return null
  const { stats } = zswap
  const refusals = {
    "pool full": stats.rejectReclaimFail,
    "no memory": stats.rejectAllocFail,
    "no entry": stats.rejectKmemcacheFail,
    "does not compress": stats.rejectCompressPoor
  }
  return {
    kind: "zswap",
    storedBytes: stats.stores * PAGE_SIZE,
    compressedBytes: stats.storedBytes,
    ratio: ratioOf(stats.stores, stats.storedBytes),
    loadedBytes: stats.loads * PAGE_SIZE,
    mostHeldBytes: stats.mostStoredPages * PAGE_SIZE,
    mostPoolBytes: stats.mostPoolPages * PAGE_SIZE,
    refusedPages: sumOf(Object.values(refusals), (n) => n),
    refusals,
    writebackBytes: stats.writtenBackPages * PAGE_SIZE,
    cpuNs: stats.cpuNs
  }
}

const cryptResult = ({ swapSetup: { crypt } }: Machine): CryptResult | null => {
  if (crypt === null) return null
  const { counters, ioPool, lower, pagePool, reqPool } = crypt
  const pools = [ioPool, pagePool, reqPool, lower.bios.pool]
  return {
    encryptedBytes: counters.encrypted * PAGE_SIZE,
    decryptedBytes: counters.decrypted * PAGE_SIZE,
    cpuNs: counters.cpuNs,
    mostQueued: counters.mostQueued,
    poolWaits: sumOf(pools, (pool) => pool.counters.waits),
    poolWaitNs: sumOf(pools, (pool) => pool.counters.waitNs)
  }
}

/** Null: the client swaps over NBD and that is all. */
export const swapLayersResult = (machine: Machine): SwapLayersResult | null => {
  const compressed = zramResult(machine) ?? zswapResult(machine)
  const crypt = cryptResult(machine)
  if (compressed === null && crypt === null) return null
  return {
    areas: machine.swap.areas.map(({ io, map, path, priority }) => ({
      path,
      priority,
      bytes: map.pages * PAGE_SIZE,
      usedBytes: map.inusePages * PAGE_SIZE,
      failedWrites: io.failedWrites,
      failedReads: io.failedReads
    })),
    compressed,
    crypt
  }
}

const addCompressed = (a: CompressedResult, b: CompressedResult): CompressedResult => {
  const sums = addFigures(a, b)
  return {
    ...sums,
    ratio: ratioOf(sums.storedBytes / PAGE_SIZE, sums.compressedBytes),
    mostHeldBytes: Math.max(a.mostHeldBytes, b.mostHeldBytes),
    mostPoolBytes: Math.max(a.mostPoolBytes, b.mostPoolBytes),
    refusals: addFigures(a.refusals, b.refusals)
  }
}

const addCrypt = (a: CryptResult, b: CryptResult): CryptResult => ({
  ...addFigures(a, b),
  mostQueued: Math.max(a.mostQueued, b.mostQueued)
})

/** Two boots of a client: what is in use is that of the second. */
export const addSwapLayers = (a: SwapLayersResult, b: SwapLayersResult): SwapLayersResult => ({
  areas: b.areas.map((area, i) => ({
    ...area,
    failedWrites: area.failedWrites + a.areas[i].failedWrites,
    failedReads: area.failedReads + a.areas[i].failedReads
  })),
  compressed: addBoth(a.compressed, b.compressed, addCompressed),
  crypt: addBoth(a.crypt, b.crypt, addCrypt)
})

/** Writes that zram had no memory for, of all boots. */
export const refusedByZram = (layers: SwapLayersResult | null): number =>
  layers?.compressed?.kind === "zram" ? layers.compressed.refusedPages : 0
