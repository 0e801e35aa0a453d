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
import { RateLimit } from "../limits/rate-limit.ts"
import type { Log } from "../ops/log.ts"
import { Faults, FaultyStore } from "../stores/faults.ts"
import type { Room } from "../stores/file-pages.ts"
import { FileStore } from "../stores/file-store.ts"
import { HeldBack } from "../stores/held-back.ts"
import { swapHeader } from "../stores/mkswap.ts"
import { Pace } from "../stores/pace.ts"
import { Refusals, WHY } from "../stores/refusals.ts"
import { TokenPageStore } from "../stores/token-page-store.ts"
import { closeFile, type OpenFile, openFile, removeFile } from "./files.ts"
import type { FromTemplate } from "./naming.ts"
import { Punching } from "./punching.ts"

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
  readonly refusals: Refusals
  /** Bytes that it takes, as du counts those of a file. */
  readonly allocatedBytes: () => number
  /** The same or more, without asking the kernel. */
  readonly mostBytes: () => number
  /** Null: holes are punched into its file; or why they are not. Of a store in memory: null. */
  readonly noTrim: string | null
  /** Its descriptor may be closed afterwards. */
  readonly settle: Effect.Effect<void>
  /** The address that it belongs to, or null. */
  readonly owner: string | null
  connections: number
  /** The last connection that said DISC, when none has attached since. */
  letGo: { readonly address: string; readonly attachedMs: number } | null
  /** What became of its file behind its back, as the status says it; null: nothing. */
  image: string | null
  /** Removes it when nobody has come back by then. */
  expiry: NodeJS.Timeout | null
}

type Bytes = (ByteStore | WaitingStore) & Partial<ExtentSource>

const ALL = SWAP_EXPORT_FLAGS

/** What an export in a file offers. */
const fileFlags = (canPunch: boolean): number =>
  ALL & ~(TransmissionFlag.SendCache | (canPunch ? 0 : TransmissionFlag.SendTrim))

const isExtentSource = (store: Bytes): store is Bytes & ExtentSource => store.extents !== undefined

const failed = (message: string) => new AttachError({ reason: "failed", message })

/** Closes the file of a store, if it has one. */
export const closeStore = ({ expiry, file, settle }: OpenStore): Effect.Effect<void> => {
  if (expiry !== null) clearTimeout(expiry)
  return file === null ? Effect.void : Effect.zipRight(settle, closeFile(file))
}

/** Removes the file of a store, if it has one. */
export const removeStore = ({ file, settle }: OpenStore): Effect.Effect<void> =>
  file === null ? Effect.void : Effect.zipRight(settle, removeFile(file))

/** What stores in files and in memory may take together. */
export interface SharedRoom extends Room {
  /** What is left; below zero: more is in use than may be. */
  readonly leftBytes: () => number
}

/** Says only the first. */
const once = (say: (why: string) => void): (why: string) => void => {
  let isSaid = false
  return (why) => {
    if (!isSaid) say(why)
    isSaid = true
  }
}

const UNLIMITED: Room = { mayTake: () => true }

export class StoreOpener {
  readonly punching = new Punching()
  readonly #nowMs: () => number
  readonly #log: Log
  /** By device: when the event loop may write to its files. */
  readonly #writePaces = new Map<bigint, Pace>()

  /** `nowMs`: a clock that does not go back. */
  constructor(nowMs: () => number, log: Log) {
    this.#nowMs = nowMs
    this.#log = log
  }

  /** What a template's exports look like. */
  templateInfo(name: string, { description, directory, minimumBlock, size, store }: SwapTemplate): ExportInfo {
    const flags = store === "file" ? fileFlags(this.punching.ofDirectory(directory ?? ".") === null) : ALL
    return exportInfo({ name, description, size, flags, minimumBlock })
  }

  openStatic(name: string, rule: StaticExport): Effect.Effect<OpenStore, AttachError> {
    const readOnly = rule.readOnly ? TransmissionFlag.ReadOnly : 0
    const info = (size: number, flags: number, minimumBlock: number = rule.minimumBlock) =>
      exportInfo({ name, description: rule.description, size, flags: flags | readOnly, minimumBlock })
    const about = { key: name, rule, template: null, file: null, owner: null, noTrim: null }
    const refusals = this.#refusals(name)
    if (rule.memory !== null) {
      const bytes = new MemoryStore(rule.memory)
      return Effect.succeed(
        this.#store({ ...about, refusals: this.#refusals(name, rule.memory), info: info(rule.memory, ALL), bytes })
      )
    }
    if (rule.tokens !== null) {
      const bytes = new TokenPageStore(rule.tokens, (why) => refusals.note(why))
      return Effect.succeed(this.#store({ ...about, refusals, info: info(rule.tokens, ALL, 4096), bytes }))
    }
    const path = rule.file ?? ""
    return openFile(path, rule.readOnly ? "read" : rule.size === null ? "write" : "create", rule.size).pipe(
      Effect.mapError(failed),
      Effect.flatMap((file) =>
        Effect.map(rule.readOnly ? Effect.succeed("read only") : this.punching.ofFile(file.fd, file.size), (noTrim) => {
          const bytes = this.#fileStore(name, file, UNLIMITED, noTrim, refusals)
          return this.#store({
            ...about,
            refusals,
            info: info(file.size, fileFlags(noTrim === null)),
            bytes,
            file,
            noTrim
          })
        })
      )
    )
  }

  /** A file that is there already is opened however little room there is. */
  openFromTemplate(
    { address, key, name, rule }: FromTemplate,
    room: SharedRoom
  ): Effect.Effect<OpenStore, AttachError> {
    const owner = (rule.anyAddress && rule.per === "name") || address === "any" ? null : address
    const header = rule.header ? swapHeader(rule.size, randomBytes(16), "") : null
    const about = { key, rule, template: rule, owner }
    const full = new AttachError({ reason: "policy", message: "the quota of all swap stores is used up" })
    if (rule.store === "memory") {
      const bytes: MemoryStore = new MemoryStore(rule.size, () => room.leftBytes() + bytes.allocatedBytes)
      if (header !== null && bytes.write(0, header.length, header) !== 0) return full
      return Effect.succeed(
        this.#store({
          ...about,
          refusals: this.#refusals(key, rule.size),
          info: this.templateInfo(name, rule),
          bytes,
          file: null,
          noTrim: null
        })
      )
    }
    const directory = rule.directory ?? "."
    const path = join(directory, encodeURIComponent(`${name}@${owner ?? "any"}`).replace(/^\./, "%2E"))
    return Effect.gen(this, function*() {
      const noTrim = yield* this.punching.ask(directory)
      const file = yield* openFile(path, "create", rule.size, header).pipe(Effect.mapError(failed))
      const refusals = this.#refusals(key)
      const bytes = this.#fileStore(key, file, room, noTrim, refusals)
      if (file.isNew && !room.mayTake(bytes.allocatedBytes)) {
        yield* removeFile(file)
        return yield* full
      }
      return this.#store({ ...about, refusals, info: this.templateInfo(name, rule), bytes, file, noTrim })
    })
  }

  #refusals(key: string, memoryBytes: number | null = null): Refusals {
    return new Refusals({
      memoryBytes,
      nowMs: this.#nowMs,
      refused: ({ more, why, ...facts }) =>
        this.#log("requests refused", { export: key, why: WHY[why], ...facts, ...(more > 0 ? { more } : {}) }),
      served: ({ why, ...facts }) => this.#log("requests served again", { export: key, why: WHY[why], ...facts })
    })
  }

  #fileStore(key: string, file: OpenFile, room: Room, noTrim: string | null, refusals: Refusals): FileStore {
    const { device } = file
    const writePace = this.#writePaces.get(device) ?? new Pace()
    this.#writePaces.set(device, writePace)
    return new FileStore({
      ...file,
      writePace,
      room,
      note: (why) => refusals.note(why),
      onPunchFailure: once((why) => this.#log("trim failed", { export: key, why })),
      puncher: noTrim === null ? this.punching.puncher : null
    })
  }

  #store({ bytes, file, info, key, noTrim, owner, refusals, rule, template }: {
    readonly key: string
    readonly rule: StaticExport | SwapTemplate
    readonly template: SwapTemplate | null
    readonly info: ExportInfo
    readonly bytes: Bytes & { readonly allocatedBytes: number }
    readonly noTrim: string | null
    readonly refusals: Refusals
    readonly file: OpenFile | null
    readonly owner: string | null
  }): OpenStore {
    const faults = rule.faults === null ? null : new Faults(rule.faults, 1, this.#nowMs)
    const heldBack = new HeldBack()
    return {
      name: key,
      rule,
      template,
      served: {
        info,
        store: faults === null ? bytes : new FaultyStore(bytes, faults, heldBack, (why) => refusals.note(why)),
        extents: faults === null && isExtentSource(bytes) ? bytes : null
      },
      usesDisk: file !== null,
      rate: new RateLimit(rule, this.#nowMs()),
      faults,
      file,
      refusals,
      allocatedBytes: () => bytes.allocatedBytes,
      mostBytes: () => bytes instanceof FileStore ? bytes.mostBytes : bytes.allocatedBytes,
      noTrim,
      settle: bytes instanceof FileStore ? Effect.promise(() => bytes.close()) : Effect.void,
      owner,
      connections: 0,
      letGo: null,
      image: null,
      expiry: null
    }
  }
}
