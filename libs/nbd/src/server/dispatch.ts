import { assert } from "../wire/assert.ts"
import { Command } from "../wire/constants.ts"
import type { Extent } from "../wire/reply.ts"
import type { Request } from "../wire/request.ts"

/**
 * What holds the contents of an export. Ranges are admitted ones. `Done` is however the holder answers with an error
 * number (0: done): a number, a Sleeps<number>, a Promise<number>; `Data` is what it moves: bytes, or the tokens of pages.
 * `flags` are those of the request (`CommandFlag`): FUA asks for the change to be durable before the answer.
 */
export interface ExportStore<Data, Done> {
  read(offset: number, length: number, into: Data): Done
  write(offset: number, length: number, from: Data, flags: number): Done
  /** Everything answered before must be durable. */
  flush(): Done
  /** A hint: the contents are undefined afterwards. */
  trim(offset: number, length: number, flags: number): Done
  writeZeroes(offset: number, length: number, flags: number): Done
  /** A hint: it will be read soon. */
  cache(offset: number, length: number): Done
}

/** A store that knows its holes: for BLOCK_STATUS and for hole chunks. */
export interface ExtentSource {
  /** Extents from `offset` on, at least one, at most `most`, together not longer than `length`. Lengths of at most 2^32 − 1. */
  extents(offset: number, length: number, most: number): ReadonlyArray<Extent>
  /** True when all of the range is a hole, which reads as zeroes. */
  isHole(offset: number, length: number): boolean
}

/** Performs an admitted request. `data` is where a READ puts its data, or what a WRITE writes. */
export const dispatch = <Data, Done>(store: ExportStore<Data, Done>, request: Request, data: Data): Done => {
  const { offset, length, flags } = request
  switch (request.type) {
    case Command.Read:
      return store.read(offset, length, data)
    case Command.Write:
      return store.write(offset, length, data, flags)
    case Command.Flush:
      return store.flush()
    case Command.Trim:
      return store.trim(offset, length, flags)
    case Command.Cache:
      return store.cache(offset, length)
    default:
      assert(request.type === Command.WriteZeroes, "a command that was not admitted, or is no affair of a store")
      return store.writeZeroes(offset, length, flags)
  }
}
