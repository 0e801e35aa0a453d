// What the processes of a server tell each other. Plain data; a connection goes along with its message.
import type { Config } from "../config/schema.ts"
import type { Handshake } from "../net/handshake.ts"
import type { Switched, SwitchedAnswer } from "../ops/operated.ts"
import type { Report } from "../ops/report.ts"

/** A connection on its way to the process that serves it. */
export interface Arriving {
  readonly address: string
  readonly handshake: Handshake
}

/** From the process that lets clients in. */
export type ToMember =
  /** Serve these exports: `place` counts from 0, `folder` is where members meet. */
  | { readonly kind: "start"; readonly place: number; readonly config: Config; readonly folder: string }
  | { readonly kind: "connection"; readonly id: number; readonly arriving: Arriving }
  | { readonly kind: "reload"; readonly config: Config }
  | { readonly kind: "report"; readonly id: number }
  | { readonly kind: "switch"; readonly id: number; readonly what: Switched }
  /** So many bytes of the quota are yours; null: there is no quota. */
  | { readonly kind: "lease"; readonly bytes: number | null }
  /** Keep of the quota what your stores take, and say how much that is. */
  | { readonly kind: "give back" }
  | { readonly kind: "stop" }

/** From a process that serves exports. */
export type FromMember =
  | { readonly kind: "ready"; readonly usedBytes: number }
  /** It cannot start, for a mistake of the user. */
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "attached"; readonly id: number }
  | { readonly kind: "ended"; readonly id: number }
  | { readonly kind: "reloaded"; readonly error: string | null }
  | { readonly kind: "reported"; readonly id: number; readonly report: Report }
  | { readonly kind: "switched"; readonly id: number; readonly answer: SwitchedAnswer }
  /** A change waits for so many more bytes of the quota. */
  | { readonly kind: "want"; readonly bytes: number }
  | { readonly kind: "used"; readonly bytes: number }
