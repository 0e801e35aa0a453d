// The exports of the server: static ones, and stores that templates make for their clients. A store outlives its
// connections: it is attached to, let go, kept for a while, and attached to again by the same name from the same address.
import { type ExportInfo, exportInfo } from "@swaplab/nbd"
import { Effect } from "effect"
import { allowList } from "../config/addresses.ts"
import type { Config, SwapTemplate } from "../config/schema.ts"
import type { Lease } from "../limits/lease.ts"
import type { Log } from "../ops/log.ts"
import type { Faults } from "../stores/faults.ts"
import { PUNCH_PROGRAM } from "../stores/punch-helper.ts"
import { Images } from "./images.ts"
import { leftFiles } from "./left-files.ts"
import { listed, unknownName } from "./listing.ts"
import { fromTemplate, nameOf, ruleOf, templateOf } from "./naming.ts"
import { AttachError, closeStore, type OpenStore, removeStore, type SharedRoom, StoreOpener } from "./open-store.ts"

/** What a registry keeps, where others keep the rest. */
export interface RegistryOptions {
  /** True: the store of this key is kept here. */
  readonly keeps: (config: Config, key: string) => boolean
  /** This process's part of the quota; null: it has all of it. */
  readonly lease: Lease | null
}

/** All stores are here. */
export const ALL_HERE: RegistryOptions = { keeps: () => true, lease: null }

/** A new store takes at most so many bytes before anybody writes to it. */
const NEW_STORE_BYTES = 131072

/** How a connection leaves its store. */
export interface Leaving {
  readonly address: string
  /** It said DISC. */
  readonly clean: boolean
  readonly attachedMs: number
  /** When its client was last heard from. */
  readonly heardMs: number
}

export class Registry {
  #config: Config
  readonly #stores = new Map<string, OpenStore>()
  readonly #opening = Effect.unsafeMakeSemaphore(1)
  readonly #opener: StoreOpener
  readonly #images: Images
  readonly #log: Log
  readonly #keeps: RegistryOptions["keeps"]
  readonly #lease: Lease | null

  constructor(
    config: Config,
    nowMs: () => number,
    log: Log,
    { keeps, lease }: RegistryOptions = ALL_HERE
  ) {
    this.#config = config
    this.#keeps = keeps
    this.#lease = lease
    this.#opener = new StoreOpener(nowMs, log)
    this.#images = new Images(this.#stores, this.#opener, log)
    this.#log = log
  }

  /** Opens the static exports of the configuration, and the stores that an earlier server left in files. */
  get prepare(): Effect.Effect<void, AttachError> {
    return this.#exclusive(this.#replace(this.#config))
  }

  /** Puts another configuration in place. Stores that are in use stay as they are until they are let go. */
  reload(config: Config): Effect.Effect<void, AttachError> {
    return this.#exclusive(this.#replace(config))
  }

  /** Opens everything that is not there yet, and only then changes anything: what fails leaves all as it was. */
  #replace(config: Config): Effect.Effect<void, AttachError> {
    return Effect.suspend(() => {
      const opened: Array<OpenStore> = []
      const isIdle = (name: string): boolean => {
        const store = this.#stores.get(name)
        return store === undefined || (store.connections === 0 && this.#isStale(store, config))
      }
      return Effect.gen(this, function*() {
        for (const [name, rule] of Object.entries(config.exports)) {
          if (!this.#keeps(config, name) || !isIdle(name)) continue
          const store = yield* this.#opener.openStatic(name, rule)
          opened.push(store)
          if (store.file !== null && !rule.readOnly) this.#sayTrim(name, store.noTrim)
        }
        yield* this.#askWherePunched(config)
        for (const left of yield* leftFiles(config)) {
          // nobody coming back, it goes after the grace period
          if (
            !this.#keeps(config, left.key) || this.#stores.has(left.key) || opened.some(({ name }) => name === left.key)
          ) continue
          opened.push(yield* this.#opener.openFromTemplate(left, this.#room))
        }
        this.#config = config
        const stale = [...this.#stores.values()].filter((store) => store.template === null && isIdle(store.name))
        for (const store of stale) this.#stores.delete(store.name)
        for (const store of opened.splice(0)) {
          // somebody has come meanwhile and has what was there
          if (this.#stores.has(store.name)) {
            opened.push(store)
            continue
          }
          this.#stores.set(store.name, store)
          if (store.template !== null && !store.template.keep) this.#expireLater(store, store.template)
        }
        yield* Effect.forEach(stale, closeStore, { discard: true })
      }).pipe(
        Effect.ensuring(Effect.suspend(() => Effect.forEach(opened, closeStore, { discard: true })))
      )
    })
  }

  /** Finds out where holes can be punched: what clients are told of a store that is not made yet depends on it. */
  #askWherePunched({ swap }: Config): Effect.Effect<void> {
    const directories = Object.values(swap).flatMap(({ directory, store }) =>
      store === "file" ? [directory ?? "."] : []
    )
    return Effect.forEach(
      [...new Set(directories)].filter((directory) => this.#opener.punching.isNew(directory)),
      (directory) => Effect.map(this.#opener.punching.ask(directory), (why) => this.#sayTrim(directory, why)),
      { discard: true }
    )
  }

  #sayTrim(place: string, why: string | null): void {
    if (why === null) this.#log("trim", { place, by: PUNCH_PROGRAM })
    else this.#log("no trim", { place, why })
  }

  /** The configuration has other plans with its name. */
  #isStale(store: OpenStore, config: Config): boolean {
    return JSON.stringify(config.exports[store.name]) !== JSON.stringify(store.rule)
  }

  /** One change at a time: a second client waits for the store that is opened for the first one. */
  #exclusive<A, E>(change: Effect.Effect<A, E>): Effect.Effect<A, E> {
    // a file that is half opened would be nobody's
    return this.#opening.withPermits(1)(Effect.uninterruptible(change))
  }

  get stores(): ReadonlyArray<OpenStore> {
    return [...this.#stores.values(), ...this.#images.replaced]
  }

  /** Looks what has the name of an export's file by now; before a client is told of the export. */
  refresh(asked: string): Effect.Effect<void> {
    const store = this.#stores.get(nameOf(this.#config, asked))
    if (store === undefined) return Effect.void
    return Effect.flatMap(
      this.#images.isDue(store),
      (due) => due ? this.#exclusive(this.#images.renew(store)) : Effect.void
    )
  }

  /** Bytes in the stores of all templates. */
  get allocatedBytes(): number {
    let sum = 0
    for (const store of this.#stores.values()) if (store.template !== null) sum += store.allocatedBytes()
    return sum
  }

  /** What the stores of all templates may take here. */
  get #limit(): number {
    return (this.#lease === null ? this.#config.quota : this.#lease.bytes) ?? Number.POSITIVE_INFINITY
  }

  /** What that leaves for them. */
  readonly #room: SharedRoom = {
    leftBytes: () => this.#limit - this.allocatedBytes,
    mayTake: (bytes) => {
      const limit = this.#limit
      if (limit === Number.POSITIVE_INFINITY) return true
      let most = bytes
      for (const store of this.#stores.values()) if (store.template !== null) most += store.mostBytes()
      return most <= limit || bytes <= this.#room.leftBytes()
    }
  }

  needsTls(name: string): boolean {
    return ruleOf(this.#config, name)?.tls === true
  }

  mayUse(name: string, address: string): boolean {
    const rule = ruleOf(this.#config, name)
    return rule !== null && allowList(rule.allow)(address)
  }

  /** What a client at this address is told of an export, or null. Nothing is made for it. */
  find(asked: string, address: string): ExportInfo | null {
    const name = nameOf(this.#config, asked)
    if (!this.mayUse(name, address)) return null
    const fixed = this.#stores.get(name)
    if (fixed !== undefined && fixed.template === null) return fixed.served.info
    const rule = templateOf(this.#config, name)
    if (rule === null) return null
    // one that is kept is what it was when it was made
    return this.#stores.get(fromTemplate(name, rule, address).key)?.served.info ??
      this.#opener.templateInfo(name, rule)
  }

  /** Exports to be listed to a client, or null when that is against the policy. */
  list(address: string): ReadonlyArray<ExportInfo> | null {
    if (!this.#config.list) return null
    return listed(this.#config, this.stores, address).flatMap(({ description, name }) => {
      // of one that another process keeps the list needs only this
      const elsewhere = this.#keeps(this.#config, name) ? null : exportInfo({ name, description, size: 0, flags: 0 })
      const info = this.mayUse(name, address) ? this.find(name, address) ?? elsewhere : null
      return info === null ? [] : [{ ...info, description }]
    })
  }

  /** What a client at this address is told that asks for a name which is not there. */
  unknown(asked: string, address: string): string {
    const { exports, list, swap } = this.#config
    const allowed = [...Object.entries(exports), ...Object.entries(swap)].filter(([, { allow }]) =>
      allowList(allow)(address)
    )
    return unknownName(asked, list ? allowed.map(([name]) => name) : null)
  }

  /** Says in the log that a client does not get an export. */
  refused(name: string, address: string, why: string): void {
    this.#log("not opened", { export: name, address, why })
  }

  /** The store of a static export, or the one that a template has or makes for this client. */
  open(asked: string, address: string): Effect.Effect<OpenStore, AttachError> {
    return Effect.zipRight(this.#roomForOne, this.#exclusive(this.#open(asked, address)))
  }

  /** Waits until the quota has room for a new store, or is known to have none. */
  get #roomForOne(): Effect.Effect<void> {
    const lease = this.#lease
    return lease === null ? Effect.void : Effect.async((resume) => {
      const look = (): void => {
        if (lease.tryUse(NEW_STORE_BYTES, look)) resume(Effect.void)
      }
      look()
      return Effect.sync(() => lease.leave(look))
    })
  }

  #open(asked: string, address: string): Effect.Effect<OpenStore, AttachError> {
    return Effect.suspend(() => {
      const name = nameOf(this.#config, asked)
      if (ruleOf(this.#config, name) === null || !this.mayUse(name, address)) {
        return new AttachError({ reason: "unknown", message: this.unknown(asked, address) })
      }
      const fixed = this.#stores.get(name)
      if (fixed !== undefined && fixed.template === null) {
        const gone = Images.goneOf(fixed)
        if (gone === null) return Effect.succeed(fixed)
        this.refused(name, address, gone)
        return new AttachError({ reason: "failed", message: gone })
      }
      const template = templateOf(this.#config, name)
      if (template === null) return new AttachError({ reason: "unknown", message: this.unknown(asked, address) })
      const wanted = fromTemplate(name, template, address)
      const there = this.#stores.get(wanted.key)
      if (there === undefined) {
        return this.#opener.openFromTemplate(wanted, this.#room).pipe(
          Effect.tap((store) => {
            this.#stores.set(store.name, store)
            // whoever asked for it may be gone
            if (!template.keep) this.#expireLater(store, template)
          }),
          Effect.tapError(({ message }) => Effect.sync(() => this.refused(wanted.key, address, message)))
        )
      }
      if (there.owner !== null && there.owner !== address) {
        const until = template.keep ? "" : " until its grace period ends"
        const why = `belongs to ${there.owner}${until}; anyAddress: true would give it to whoever knows its name`
        this.refused(wanted.key, address, why)
        return new AttachError({ reason: "policy", message: "this export belongs to another address" })
      }
      return Effect.succeed(there)
    })
  }

  /** A connection begins to use a store. */
  attach(store: OpenStore): void {
    store.connections++
    store.letGo = null
    if (store.expiry !== null) clearTimeout(store.expiry)
    store.expiry = null
  }

  /**
   * A connection ended. The store of a template goes with the last one, after a grace period unless its client does not need
   * it any more: the connection said DISC, or one of the same address did that had attached after this one was last heard
   * from. So one that a power cut left behind does not keep what its client has let go since.
   */
  release(store: OpenStore, { address, attachedMs, clean, heardMs }: Leaving): Effect.Effect<void> {
    store.connections--
    if (clean) store.letGo = { address, attachedMs }
    if (store.connections > 0) return Effect.void
    if (store.template === null) {
      return Effect.flatMap(
        this.#images.close(store),
        (closed) =>
          closed || !this.#isStale(store, this.#config) ? Effect.void : this.prepare.pipe(
            Effect.catchAll(({ message }) =>
              Effect.sync(() => this.#log("kept as it was", { export: store.name, why: message }))
            )
          )
      )
    }
    if (store.template.keep) return Effect.void
    const { letGo } = store
    if (letGo !== null && (clean || (letGo.address === address && heardMs < letGo.attachedMs))) {
      return this.#remove(store)
    }
    this.#expireLater(store, store.template)
    return Effect.void
  }

  #expireLater(store: OpenStore, { grace }: SwapTemplate): void {
    store.expiry = setTimeout(() => Effect.runFork(this.#remove(store)), grace)
    store.expiry.unref()
  }

  /** Closes everything; stores in files of templates stay where they are, those in memory are lost. */
  get close(): Effect.Effect<void> {
    const closing = Effect.forEach(this.stores, (store) => {
      if (store.file === null && store.allocatedBytes() > 0) this.#log("lost", { export: store.name })
      return closeStore(store)
    }, { discard: true })
    return Effect.zipRight(this.#opener.punching.close, closing)
  }

  /** The faults of a store, by its key. */
  faultsOf(key: string): Faults | null {
    return this.#stores.get(key)?.faults ?? null
  }

  #remove(store: OpenStore): Effect.Effect<void> {
    return this.#exclusive(Effect.suspend(() => {
      if (store.connections > 0 || this.#stores.get(store.name) !== store) return Effect.void
      this.#stores.delete(store.name)
      this.#log("removed", { export: store.name })
      return removeStore(store)
    }))
  }
}
