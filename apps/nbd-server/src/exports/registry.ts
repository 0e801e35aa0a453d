// The exports of the server: static ones, and stores that templates make for their clients. A store outlives its
// connections: it is attached to, let go, kept for a while, and attached to again by the same name from the same address.
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
import type { Config, StaticExport, SwapTemplate } from "../config/schema.ts"
import { allowList } from "../config/units.ts"
import { RateLimit } from "../limits/token-bucket.ts"
import { Faults, FaultyStore } from "../stores/faults.ts"
import { FileStore } from "../stores/file-store.ts"
import { swapHeader } from "../stores/mkswap.ts"
import { TokenPageStore } from "../stores/token-page-store.ts"
import { closeFile, listFiles, type OpenFile, openFile, removeFile } from "./files.ts"

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
const FILE = ALL & ~(TransmissionFlag.SendTrim | TransmissionFlag.SendFastZero | TransmissionFlag.SendCache)

/** What a template's exports look like. */
const templateInfo = (name: string, { description, minimumBlock, size, store }: SwapTemplate): ExportInfo =>
  exportInfo({ name, description, size, flags: store === "file" ? FILE : ALL, minimumBlock })

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return ""
  }
}

const isExtentSource = (store: Bytes): store is Bytes & ExtentSource => store.extents !== undefined

export class Registry {
  #config: Config
  readonly #stores = new Map<string, OpenStore>()
  /** Stores that are being opened: a second client waits for the first one's. */
  readonly #opening = Effect.unsafeMakeSemaphore(1)
  readonly #nowMs: () => number
  readonly #log: (message: string) => void

  constructor(config: Config, nowMs: () => number, log: (message: string) => void) {
    this.#config = config
    this.#nowMs = nowMs
    this.#log = log
  }

  /** Opens the static exports of the configuration, and the stores that an earlier server left in files. */
  get prepare(): Effect.Effect<void, AttachError> {
    return Effect.zipRight(this.#openAllStatic, this.#adoptAll)
  }

  get #openAllStatic(): Effect.Effect<void, AttachError> {
    return Effect.forEach(
      Object.entries(this.#config.exports),
      ([name, rule]) => this.#stores.has(name) ? Effect.void : this.#openStatic(name, rule),
      { discard: true }
    )
  }

  /** Files of clients that come back after a restart find them; nobody coming back, they go after the grace period. */
  get #adoptAll(): Effect.Effect<void, AttachError> {
    const templates = Object.values(this.#config.swap).filter(({ store }) => store === "file")
    const directories = [...new Set(templates.map(({ directory }) => directory ?? "."))]
    return Effect.forEach(directories, (directory) =>
      listFiles(directory).pipe(
        Effect.mapError((message) => new AttachError({ reason: "failed", message })),
        Effect.flatMap(Effect.forEach((file) => this.#adopt(directory, file), { discard: true }))
      ), { discard: true })
  }

  #adopt(directory: string, file: string): Effect.Effect<void, AttachError> {
    const [, name, owner] = /^(.*)@([^@]*)$/.exec(decoded(file)) ?? []
    const template = name === undefined ? undefined : this.#templateOf(name)?.[1]
    if (name === undefined || owner === undefined || template?.directory !== directory) return Effect.void
    const key = template.per === "address" ? `${name}@${owner}` : name
    if (this.#stores.has(key)) return Effect.void
    return this.#openFromTemplate(key, name, template, owner).pipe(
      Effect.map((store) => {
        if (!template.keep) this.#expireLater(store, template)
      })
    )
  }

  /** Puts other exports in place of the present ones. Stores that are in use stay as they are until they are let go. */
  reload(config: Config): Effect.Effect<void, AttachError> {
    return Effect.suspend(() => {
      this.#config = config
      const idle = this.stores.filter((store) => store.template === null && store.connections === 0)
      const stale = idle.filter((store) => this.#isStale(store))
      return Effect.zipRight(Effect.forEach(stale, (store) => this.#forget(store)), this.prepare)
    })
  }

  /** The configuration has other plans with its name by now. */
  #isStale(store: OpenStore): boolean {
    return JSON.stringify(this.#config.exports[store.name]) !== JSON.stringify(store.rule)
  }

  #forget(store: OpenStore): Effect.Effect<void> {
    this.#stores.delete(store.name)
    return store.file === null ? Effect.void : closeFile(store.file)
  }

  get stores(): ReadonlyArray<OpenStore> {
    return [...this.#stores.values()]
  }

  /** Bytes in the stores of all templates. */
  get allocatedBytes(): number {
    let sum = 0
    for (const store of this.#stores.values()) if (store.template !== null) sum += store.allocatedBytes()
    return sum
  }

  /** The name that a client asks by: the empty one is the only or the first static export. */
  #nameOf(name: string): string {
    return name === "" && this.#config.exports[""] === undefined ? Object.keys(this.#config.exports)[0] ?? "" : name
  }

  #templateOf(name: string): readonly [name: string, template: SwapTemplate] | null {
    let best: readonly [string, SwapTemplate] | null = null
    for (const [pattern, template] of Object.entries(this.#config.swap)) {
      const fits = pattern.endsWith("*")
        ? name.startsWith(pattern.slice(0, -1)) && name.length >= pattern.length
        : name === pattern
      if (fits && (best === null || pattern.length > best[0].length)) best = [pattern, template]
    }
    return best
  }

  #ruleOf(name: string): StaticExport | SwapTemplate | null {
    return this.#config.exports[this.#nameOf(name)] ?? this.#templateOf(name)?.[1] ?? null
  }

  needsTls(name: string): boolean {
    return this.#ruleOf(name)?.tls === true
  }

  mayUse(name: string, address: string): boolean {
    const rule = this.#ruleOf(name)
    return rule !== null && allowList(rule.allow)(address)
  }

  /** What a client at this address is told of an export, or null. Nothing is made for it. */
  find(asked: string, address: string): ExportInfo | null {
    const name = this.#nameOf(asked)
    if (!this.mayUse(name, address)) return null
    const fixed = this.#stores.get(name)
    if (fixed !== undefined && fixed.template === null) return fixed.served.info
    const rule = this.#templateOf(name)?.[1]
    return rule === undefined ? null : templateInfo(name, rule)
  }

  /** Exports to be listed to a client, or null when that is against the policy. */
  list(address: string): ReadonlyArray<ExportInfo> | null {
    if (!this.#config.list) return null
    return Object.keys(this.#config.exports).flatMap((name) => this.find(name, address) ?? [])
  }

  /** The store of a static export, or the one that a template has or makes for this client. */
  open(asked: string, address: string): Effect.Effect<OpenStore, AttachError> {
    return this.#opening.withPermits(1)(Effect.suspend(() => {
      const name = this.#nameOf(asked)
      if (this.#ruleOf(name) === null || !this.mayUse(name, address)) {
        return new AttachError({ reason: "unknown", message: "no such export" })
      }
      const fixed = this.#stores.get(name)
      if (fixed !== undefined && fixed.template === null) return Effect.succeed(fixed)
      const found = this.#templateOf(name)
      if (found === null) return new AttachError({ reason: "unknown", message: "no such export" })
      const [, template] = found
      const key = template.per === "address" ? `${name}@${address}` : name
      const there = this.#stores.get(key)
      if (there === undefined) return this.#openFromTemplate(key, name, template, address)
      if (there.owner !== null && there.owner !== address) {
        return new AttachError({ reason: "policy", message: "this export belongs to another address" })
      }
      return Effect.succeed(there)
    }))
  }

  /** A connection begins to use a store. */
  attach(store: OpenStore): void {
    store.connections++
    if (store.expiry !== null) clearTimeout(store.expiry)
    store.expiry = null
  }

  /** A connection ended. The store of a template goes with the last one, after a grace period unless it said DISC. */
  release(store: OpenStore, clean: boolean): Effect.Effect<void> {
    store.connections--
    if (store.connections > 0) return Effect.void
    if (store.template === null) {
      return this.#isStale(store) ? Effect.zipRight(this.#forget(store), Effect.ignore(this.prepare)) : Effect.void
    }
    if (store.template.keep) return Effect.void
    if (clean) return this.#remove(store)
    this.#expireLater(store, store.template)
    return Effect.void
  }

  #expireLater(store: OpenStore, { grace }: SwapTemplate): void {
    store.expiry = setTimeout(() => Effect.runFork(this.#remove(store)), grace)
    store.expiry.unref()
  }

  /** Makes everything durable and closes it; stores in files of templates stay where they are. */
  get close(): Effect.Effect<void> {
    return Effect.forEach(this.stores, (store) => {
      if (store.expiry !== null) clearTimeout(store.expiry)
      return store.file === null ? Effect.void : closeFile(store.file)
    }, { discard: true })
  }

  /** The faults of a store, by its key. */
  faultsOf(key: string): Faults | null {
    return this.#stores.get(key)?.faults ?? null
  }

  #remove(store: OpenStore): Effect.Effect<void> {
    return this.#opening.withPermits(1)(Effect.suspend(() => {
      if (store.connections > 0 || this.#stores.get(store.name) !== store) return Effect.void
      this.#stores.delete(store.name)
      this.#log(`removed ${store.name}`)
      return store.file === null ? Effect.void : removeFile(store.file)
    }))
  }

  #openStatic(name: string, rule: StaticExport): Effect.Effect<OpenStore, AttachError> {
    const readOnly = rule.readOnly ? TransmissionFlag.ReadOnly : 0
    const info = (size: number, flags: number, minimumBlock: number = rule.minimumBlock) =>
      exportInfo({ name, description: rule.description, size, flags: flags | readOnly, minimumBlock })
    if (rule.memory !== null) {
      const store = new MemoryStore(rule.memory)
      return Effect.succeed(
        this.#add(name, rule, null, info(rule.memory, ALL), store, null, () => store.allocatedBytes, null)
      )
    }
    if (rule.tokens !== null) {
      const store = new TokenPageStore(rule.tokens)
      return Effect.succeed(
        this.#add(name, rule, null, info(rule.tokens, ALL, 4096), store, null, () => store.allocatedBytes, null)
      )
    }
    const path = rule.file ?? ""
    return openFile(path, rule.readOnly ? "read" : rule.size === null ? "write" : "create", rule.size).pipe(
      Effect.mapError((message) => new AttachError({ reason: "failed", message })),
      Effect.map((file) => {
        const store = new FileStore({ ...file, limitBytes: () => Number.POSITIVE_INFINITY })
        return this.#add(name, rule, null, info(file.size, FILE), store, file, () => store.allocatedBytes, null)
      })
    )
  }

  #openFromTemplate(
    key: string,
    name: string,
    rule: SwapTemplate,
    address: string
  ): Effect.Effect<OpenStore, AttachError> {
    const { quota } = this.#config
    const owner = (rule.anyAddress && rule.per === "name") || address === "any" ? null : address
    const limitOf = (own: () => number) => () =>
      quota === null ? Number.POSITIVE_INFINITY : quota - this.allocatedBytes + own()
    const header = rule.header ? swapHeader(rule.size, randomBytes(16), "") : null
    const info = templateInfo(name, rule)
    const full = new AttachError({ reason: "policy", message: "the quota of all swap stores is used up" })
    if (rule.store === "memory") {
      const limit = limitOf(() => store.allocatedBytes)
      const store: MemoryStore = new MemoryStore(rule.size, () => limit())
      if (header !== null && store.write(0, header.length, header) !== 0) return full
      return Effect.succeed(this.#add(key, rule, rule, info, store, null, () => store.allocatedBytes, owner))
    }
    if (quota !== null && this.allocatedBytes >= quota) return full
    const path = join(rule.directory ?? ".", encodeURIComponent(`${name}@${owner ?? "any"}`).replace(/^\./, "%2E"))
    return openFile(path, "create", rule.size, header).pipe(
      Effect.mapError((message) => new AttachError({ reason: "failed", message })),
      Effect.map((file) => {
        const limit = limitOf(() => store.allocatedBytes)
        const store: FileStore = new FileStore({ ...file, limitBytes: () => limit() })
        return this.#add(key, rule, rule, info, store, file, () => store.allocatedBytes, owner)
      })
    )
  }

  #add(
    key: string,
    rule: StaticExport | SwapTemplate,
    template: SwapTemplate | null,
    info: ExportInfo,
    bytes: Bytes,
    file: OpenFile | null,
    allocatedBytes: () => number,
    owner: string | null
  ): OpenStore {
    const faults = rule.faults === null ? null : new Faults(rule.faults, 1, this.#nowMs)
    const later = (ms: number, run: () => void): void => {
      setTimeout(run, ms)
    }
    const store: OpenStore = {
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
      allocatedBytes,
      owner,
      connections: 0,
      expiry: null
    }
    this.#stores.set(key, store)
    return store
  }
}
