// Where holes can be punched: asked once of each directory of stores and of each static file, before clients are told what
// an export offers.
import { Effect } from "effect"
import { randomBytes } from "node:crypto"
import { constants, promises } from "node:fs"
import { join } from "node:path"
import { performance } from "node:perf_hooks"
import { PunchHelper } from "../stores/punch-helper.ts"
import { Puncher } from "../stores/puncher.ts"

/** What the probe of a directory writes and punches. */
const PROBE_BYTES = 65_536

/** What waits to be punched when the server ends has so long. */
const DRAIN_MS = 2000

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR } = constants

export class Punching {
  readonly #helper = new PunchHelper()
  readonly #ofDirectory = new Map<string, string | null>()
  readonly puncher = new Puncher(
    this.#helper.punch,
    (run, ms) => void setTimeout(run, ms).unref(),
    () => performance.now()
  )

  /** Null when stores in this directory can be punched, or why not. Known after `ask`. */
  ofDirectory(directory: string): string | null {
    return this.#ofDirectory.get(directory) ?? null
  }

  isNew(directory: string): boolean {
    return !this.#ofDirectory.has(directory)
  }

  /** Finds out about a directory, unless that is known: with a file that is removed at once. */
  ask(directory: string): Effect.Effect<string | null> {
    return Effect.promise(async () => {
      const known = this.#ofDirectory.get(directory)
      if (known !== undefined) return known
      const why = await this.#probe(join(directory, `.punch-${randomBytes(8).toString("hex")}`))
        .catch((error: unknown) => (error as Error).message)
      this.#ofDirectory.set(directory, why)
      return why
    })
  }

  /** Null when this file can be punched, or why not: asked by a hole behind its end. */
  ofFile(fd: number, size: number): Effect.Effect<string | null> {
    const offset = Math.ceil(size / PROBE_BYTES) * PROBE_BYTES
    return Effect.promise(() => this.#punch(fd, offset))
  }

  /** Punches what waits, and ends. */
  get close(): Effect.Effect<void> {
    return Effect.async<void>((resume) => this.puncher.whenIdle(() => resume(Effect.void))).pipe(
      Effect.timeoutOption(DRAIN_MS),
      Effect.zipRight(Effect.sync(() => this.#helper.close()))
    )
  }

  async #probe(path: string): Promise<string | null> {
    const handle = await promises.open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
    try {
      await promises.unlink(path)
      await handle.write(Buffer.alloc(PROBE_BYTES, 1), 0, PROBE_BYTES, 0)
      const why = await this.#punch(handle.fd, 0)
      if (why !== null) return why
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(PROBE_BYTES, 2), 0, PROBE_BYTES, 0)
      return bytesRead === PROBE_BYTES && buffer.every((byte) => byte === 0) ? null : "what was punched is no zeroes"
    } finally {
      await handle.close()
    }
  }

  #punch(fd: number, offset: number): Promise<string | null> {
    return new Promise((resolve) => this.#helper.punch(fd, { offset, length: PROBE_BYTES }, resolve))
  }
}
