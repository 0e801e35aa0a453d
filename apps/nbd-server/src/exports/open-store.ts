// Opens what a configuration names, and puts everything around it that is kept for an open store.
import {
  type ByteStore,
  type ExportInfo,
  exportInfo,
  type ExtentSource,
  MemoryStore,
  type ServedExport,
  SWAP_EXPORT_FLAGS,
  TransmissionFlag,
  type WaitingStore
} from "@swaplab/nbd"
import { Data, Effect } from "effect"
import { randomBytes } from "node:crypto"
import { join } from "node:path"
import type { StaticExport, SwapTemplate } from "../config/schema.ts"
import { RateLimit } from "../limits/token-bucket.ts"
import { Faults, FaultyStore } from "../stores/faults.ts"
import { FileStore } from "../stores/file-store.ts"
import { swapHeader } from "../stores/mkswap.ts"
import { Pace } from "../stores/pace.ts"
import { TokenPageStore } from "../stores/token-page-store.ts"
import { closeFile, type OpenFile, openFile } from "./files.ts"
import type { FromTemplate } from "./naming.ts"

/** Why a client does not get an export. */
export class AttachError extends Data.TaggedError("AttachError")<{
  readonly reason: "unknown" | "policy" | "failed"
  readonly message: string
}> {}

/** A store with everything that is kept for it. */
export interface OpenStore {
  readonly name: string
  readonly rule: StaticExport | SwapTemplate
  /** Null for a static export. */
  readonly template: SwapTemplate | null
  readonly served: ServedExport
  readonly usesDisk: boolean
  readonly rate: RateLimit
  readonly faults: Faults | null
  readonly file: OpenFile | null
  readonly allocatedBytes: () => number
  /** The address that it belongs to, or null. */
  readonly owner: string | null
  connections: number
  /** Removes it when nobody has come back by then. */
  expiry: NodeJS.Timeout | null
}

type Bytes = (ByteStore | WaitingStore) & Partial<ExtentSource>

const ALL = SWAP_EXPORT_FLAGS
const FILE = ALL & ~(TransmissionFlag.SendTrim | TransmissionFlag.SendCache)

/** What a template's exports look like. */
export const templateInfo = (name: string, { description, minimumBlock, size, store }: SwapTemplate): ExportInfo =>
  exportInfo({ name, description, size, flags: store === "file" ? FILE : ALL, minimumBlock })

const isExtentSource = (store: Bytes): store is Bytes & ExtentSource => store.extents !== undefined

const failed = (message: string) => new AttachError({ reason: "failed", message })

/** Closes the file of a store, if it has one. */
export const closeStore = ({ expiry, file }: OpenStore): Effect.Effect<void> => {
  if (expiry !== null) clearTimeout(expiry)
  return file === null ? Effect.void : closeFile(file)
}

export class StoreOpener {
  readonly #nowMs: () => number
  /** By device: when the event loop may write to its files. */
  readonly #writePaces = new Map<bigint, Pace>()

  /** `nowMs`: a clock that does not go back. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  openStatic(name: string, rule: StaticExport): Effect.Effect<OpenStore, AttachError> {
    const readOnly = rule.readOnly ? TransmissionFlag.ReadOnly : 0
    const info = (size: number, flags: number, minimumBlock: number = rule.minimumBlock) =>
      exportInfo({ name, description: rule.description, size, flags: flags | readOnly, minimumBlock })
    const about = { key: name, rule, template: null, file: null, owner: null }
    if (rule.memory !== null) {
      const bytes = new MemoryStore(rule.memory)
      return Effect.succeed(this.#store({ ...about, info: info(rule.memory, ALL), bytes }))
    }
    if (rule.tokens !== null) {
      const bytes = new TokenPageStore(rule.tokens)
      return Effect.succeed(this.#store({ ...about, info: info(rule.tokens, ALL, 4096), bytes }))
    }
    const path = rule.file ?? ""
    return openFile(path, rule.readOnly ? "read" : rule.size === null ? "write" : "create", rule.size).pipe(
      Effect.mapError(failed),
      Effect.map((file) => {
        const writePace = this.#writePaceOf(file)
        const bytes = new FileStore({ ...file, writePace, limitBytes: () => Number.POSITIVE_INFINITY })
        return this.#store({ ...about, info: info(file.size, FILE), bytes, file })
      })
    )
  }

  /** `leftBytes` tells how many more bytes the stores of all templates may take. */
  openFromTemplate(
    { address, key, name, rule }: FromTemplate,
    leftBytes: () => number
  ): Effect.Effect<OpenStore, AttachError> {
    const owner = (rule.anyAddress && rule.per === "name") || address === "any" ? null : address
    const header = rule.header ? swapHeader(rule.size, randomBytes(16), "") : null
    const about = { key, rule, template: rule, info: templateInfo(name, rule), owner }
    const full = new AttachError({ reason: "policy", message: "the quota of all swap stores is used up" })
    if (rule.store === "memory") {
      const bytes: MemoryStore = new MemoryStore(rule.size, () => leftBytes() + bytes.allocatedBytes)
      if (header !== null && bytes.write(0, header.length, header) !== 0) return full
      return Effect.succeed(this.#store({ ...about, bytes, file: null }))
    }
    if (leftBytes() <= 0) return full
    const path = join(rule.directory ?? ".", encodeURIComponent(`${name}@${owner ?? "any"}`).replace(/^\./, "%2E"))
    return openFile(path, "create", rule.size, header).pipe(
      Effect.mapError(failed),
      Effect.map((file) => {
        const writePace = this.#writePaceOf(file)
        const limitBytes = (): number => leftBytes() + bytes.allocatedBytes
        const bytes: FileStore = new FileStore({ ...file, writePace, limitBytes })
        return this.#store({ ...about, bytes, file })
      })
    )
  }

  #writePaceOf({ device }: OpenFile): Pace {
    const pace = this.#writePaces.get(device) ?? new Pace()
    this.#writePaces.set(device, pace)
    return pace
  }

  #store({ bytes, file, info, key, owner, rule, template }: {
    readonly key: string
    readonly rule: StaticExport | SwapTemplate
    readonly template: SwapTemplate | null
    readonly info: ExportInfo
    readonly bytes: Bytes & { readonly allocatedBytes: number }
    readonly file: OpenFile | null
    readonly owner: string | null
  }): OpenStore {
    const faults = rule.faults === null ? null : new Faults(rule.faults, 1, this.#nowMs)
    const later = (ms: number, run: () => void): void => {
      setTimeout(run, ms)
    }
    return {
      name: key,
      rule,
      template,
      served: {
        info,
        store: faults === null ? bytes : new FaultyStore(bytes, faults, later),
        extents: faults === null && isExtentSource(bytes) ? bytes : null
      },
      usesDisk: file !== null,
      rate: new RateLimit(rule, this.#nowMs()),
      faults,
      file,
      allocatedBytes: () => bytes.allocatedBytes,
      owner,
      connections: 0,
      expiry: null
    }
  }
}
