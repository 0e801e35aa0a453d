// The process of a server that lets clients in, where several serve exports: it listens, keeps the limits of connections, and
// reads options as far as the first one that is about an export. From there on the process of that export has the connection.
// One that dies is started again; its clients come back by themselves, as after a restart of the server.
import { Effect, type Scope } from "effect"
import type { ChildProcess } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Config } from "../config/schema.ts"
import { UserError } from "../exit.ts"
import { Lessor } from "../limits/lessor.ts"
import type { Elsewhere, GivenAway } from "../net/elsewhere.ts"
import { NO_EXPORTS } from "../net/handshake.ts"
import { connectionRunner, Server } from "../net/server.ts"
import { setUpTls } from "../net/tls.ts"
import type { Log } from "../ops/log.ts"
import type { Operated, SwitchedAnswer } from "../ops/operated.ts"
import { mergedReport, type Report, reportOf } from "../ops/report.ts"
import type { Part } from "../part.ts"
import { MemberProcess } from "./member-process.ts"
import { movedExport, placeOfOption } from "./placement.ts"

/** A process that dies so often within a minute will not live when it is started once more. */
const MOST_DEATHS = 5
const DEATHS_WITHIN_MS = 60_000

/** A process that was told to stop has so much longer than its connections. */
const STOP_MS = 5000

export interface FrontOptions {
  readonly config: Config
  readonly fork: () => ChildProcess
  readonly log: Log
  /** It cannot go on. */
  readonly broken: (why: string) => void
}

class Members {
  readonly #options: FrontOptions
  readonly #folder: string
  readonly #lessor: Lessor
  readonly #members: Array<MemberProcess> = []
  readonly #deaths: Array<number> = []
  #config: Config
  #stopping = false
  #lastAny = 0

  constructor(options: FrontOptions, folder: string) {
    const { config } = options
    this.#options = options
    this.#folder = folder
    this.#config = config
    this.#lessor = new Lessor({
      quota: config.quota,
      processes: config.processes,
      grant: (place, bytes) => this.#members[place].tell({ kind: "lease", bytes }),
      askBack: (place) => this.#members[place].tell({ kind: "give back" })
    })
  }

  /** Starts all, and waits until they are ready; what one of them finds wrong is a mistake of the user. */
  get start(): Effect.Effect<void, UserError> {
    const places = Array.from({ length: this.#config.processes }, (_, place) => place)
    return Effect.forEach(places, (place) => this.#started(place), { concurrency: "unbounded", discard: true })
  }

  #started(place: number): Effect.Effect<void, UserError> {
    return Effect.async((resume) => {
      let ready = false
      const member = new MemberProcess(this.#options.fork(), {
        ready: (usedBytes) => {
          ready = true
          this.#lessor.started(place, usedBytes)
          resume(Effect.void)
        },
        failed: (message) => resume(new UserError({ message })),
        want: (bytes) => this.#lessor.wanted(place, bytes),
        used: (bytes) => this.#lessor.gaveBack(place, bytes),
        exited: (how) => {
          this.#lessor.gone(place)
          if (this.#stopping) return
          if (!ready) return resume(new UserError({ message: `process ${place} ended before it served: ${how}` }))
          this.#restart(place, how)
        }
      })
      this.#members[place] = member
      member.tell({ kind: "start", place, config: this.#config, folder: this.#folder })
    })
  }

  #restart(place: number, how: string): void {
    const { broken, log } = this.#options
    const now = performance.now()
    this.#deaths.push(now)
    while (now - this.#deaths[0] > DEATHS_WITHIN_MS) this.#deaths.shift()
    log("process ended", { place, how })
    if (this.#deaths.length > MOST_DEATHS) return broken(`${this.#deaths.length} processes ended within a minute`)
    Effect.runFork(
      this.#started(place).pipe(
        Effect.match({
          onSuccess: () => log("process started", { place }),
          onFailure: ({ message }) => broken(message)
        })
      )
    )
  }

  /** The process with the fewest connections; in turn where they are equal. */
  get any(): number {
    const { length } = this.#members
    let best = (this.#lastAny + 1) % length
    for (let i = 1; i < length; i++) {
      const place = (this.#lastAny + 1 + i) % length
      if (this.#members[place].connections < this.#members[best].connections) best = place
    }
    return this.#lastAny = best
  }

  get elsewhere(): Elsewhere {
    return {
      placeOf: (message, address) => {
        const place = placeOfOption(this.#config, message, address)
        return place === "any" ? this.any : place
      },
      give: (given: GivenAway, attached) => this.#members[given.place].give(given, attached)
    }
  }

  get reports(): Effect.Effect<ReadonlyArray<Report>> {
    return Effect.map(
      Effect.forEach(this.#members, (member) => member.report, { concurrency: "unbounded" }),
      (reports) => reports.filter((report) => report !== null)
    )
  }

  /** An export is open in one process, or in all. */
  readonly switch: Operated["switch"] = (what) =>
    Effect.map(
      Effect.forEach(this.#members, (member) => member.switch(what), { concurrency: "unbounded" }),
      (answers): SwitchedAnswer => {
        const done = answers.filter((answer) => answer !== null && "ok" in answer)
        if (done.length === 0) {
          const refused = answers.filter((answer) => answer !== null && "error" in answer)
          // that it is not open is what all others say
          return refused.find(({ error }) => error !== "no such export is open") ?? refused[0] ??
            { error: "no process serves" }
        }
        if (what.plan !== null) return { ok: true }
        return { ok: true, dropped: done.reduce((sum, { dropped = 0 }) => sum + dropped, 0) }
      }
    )

  /** All take it, or all keep what they have. */
  reload(next: Config): Effect.Effect<void, UserError> {
    return Effect.gen(this, function*() {
      const before = this.#config
      const moved = movedExport(before, next)
      if (moved !== null) {
        return yield* new UserError({
          message:
            `exports.${moved}: with its new rates or readOnly it belongs to another process, which takes a restart`
        })
      }
      for (const [place, member] of this.#members.entries()) {
        const error = yield* member.reload({ kind: "reload", config: next })
        if (error === null) continue
        yield* Effect.forEach(this.#members.slice(0, place), (one) => one.reload({ kind: "reload", config: before }))
        return yield* new UserError({ message: error })
      }
      this.#config = next
      this.#lessor.quota = next.quota
    })
  }

  /** Their connections end as those of one process do; then they end. */
  get stop(): Effect.Effect<void> {
    return Effect.gen(this, function*() {
      if (this.#stopping) return
      this.#stopping = true
      for (const member of this.#members) member.tell({ kind: "stop" })
      const ended = Effect.forEach(this.#members, (member) => member.ended, { concurrency: "unbounded" })
      yield* Effect.timeoutOption(ended, this.#config.limits.shutdown + STOP_MS)
      for (const member of this.#members) member.kill()
    })
  }
}

/** Starts the processes that serve, and what lets clients in to them. */
export const openFront = (options: FrontOptions): Effect.Effect<Part, UserError, Scope.Scope> =>
  Effect.gen(function*() {
    const { config, log } = options
    const tls = yield* setUpTls(config.tls)
    const folder = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "swaplab-nbd-"))),
      (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
    )
    const members = new Members(options, folder)
    yield* Effect.addFinalizer(() => members.stop)
    yield* members.start
    const run = yield* connectionRunner
    const { elsewhere } = members
    const server = new Server({ config, exports: NO_EXPORTS, elsewhere, lease: null, tls, log, tap: () => null, run })
    const here = Effect.sync(() => reportOf(server, { stores: [] }, process.memoryUsage().rss))
    return {
      server,
      operated: {
        report: Effect.zipWith(here, members.reports, mergedReport),
        switch: members.switch
      },
      reload: (next) =>
        Effect.gen(function*() {
          const nextTls = yield* setUpTls(next.tls)
          yield* members.reload(next)
          server.reload(next, nextTls)
        }),
      // connections that are elsewhere end there
      shutDown: Effect.zipRight(members.stop, server.shutDown, { concurrent: true })
    }
  })
