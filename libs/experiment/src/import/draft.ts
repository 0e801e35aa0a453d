// A scenario in the making, with what was taken from which file, what had to be assumed, and what nobody understood.
import type { Mapping } from "@swaplab/config"
import type { Read, Unread } from "@swaplab/formats"

/** A file that is imported. */
export interface ImportFile {
  /** As the user named it. */
  readonly name: string
  readonly bytes: Uint8Array
}

/** A line of a file that had no effect, and why. */
export interface NotUnderstood extends Unread {
  readonly file: string
}

/** What became of a part of a file, or why something stands in the scenario that no file says. */
export interface Statement {
  /** What it is about: a file, or a key of the scenario. */
  readonly of: string
  readonly text: string
}

/** A client group; only keys that something is known of. */
export interface GroupDraft {
  readonly name: string
  count?: number
  ram?: string
  zones?: Readonly<Record<string, number>>
  cpus?: number
  minFree?: string
  swap?: string
  encryptSwap?: boolean
  root?: Readonly<Record<string, unknown>>
  nic?: Readonly<Record<string, unknown>>
  workload?: Readonly<Record<string, unknown>>
  programs?: "client" | "server"
}

/** Everything that readers say. */
export class Draft {
  readonly groups: Array<GroupDraft> = []
  readonly server: Record<string, unknown> = {}
  readonly taken: Array<Statement> = []
  readonly assumed: Array<Statement> = []
  readonly unread: Array<NotUnderstood> = []
  allocator: "slab" | "slub" | null = null
  /** Seconds that the run needs; null: the default will do. */
  seconds: number | null = null
  applications = false

  /** The value that a reader understood; the rest is listed. */
  take<A>(file: string, { unread, value }: Read<A>): A {
    for (const line of unread) this.unread.push({ file, ...line })
    return value
  }

  miss(file: string, line: number, text: string, why: string): void {
    this.unread.push({ file, line, text, why })
  }

  say(of: string, text: string): void {
    this.taken.push({ of, text })
  }

  assume(of: string, text: string): void {
    this.assumed.push({ of, text })
  }

  /** As a file has it. */
  scenario(name: string, files: ReadonlyArray<string>): Mapping {
    return {
      name,
      description: `Imported from ${files.join(", ")}.`,
      ...(this.seconds === null ? {} : { seeds: 1, duration: `${this.seconds} s` }),
      kernels: {
        vanilla: { allocator: this.allocator ?? "slub", base: "v3.5" },
        series: { allocator: this.allocator ?? "slub", base: "v3.6" }
      },
      clients: this.groups,
      ...(Object.keys(this.server).length === 0 ? {} : { server: this.server }),
      ...(this.applications ? { applications: {} } : {})
    }
  }
}
