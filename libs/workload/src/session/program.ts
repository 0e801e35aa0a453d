// What a program of a desktop is: what it needs of memory and files, and what it touches.
import type { ActionName } from "./actions.ts"
import type { Beat, Burst, Files, Grows, Memory, Windows } from "./shape.ts"

/** The programs that draw what the one in front does. */
export type ScreenName = "xserver" | "desktop"

/** A program by what it does to memory. */
export interface Program {
  readonly comm: string
  readonly meaning: string
  readonly memory: Memory
  readonly files: Files
  /** What windows of it cost the programs that draw them. */
  readonly grows: Readonly<Partial<Record<ScreenName, Grows>>>
  /** CPU time of its start. */
  readonly startNs: number
  /** What actions of a person touch; others touch nothing of it. */
  readonly bursts: Readonly<Partial<Record<ActionName, Burst>>>
  /** What it does by itself: in the minute after a document has come, and later. Null: nothing. */
  readonly busy: Beat | null
  readonly quiet: Beat | null
  /**
   * Pages that it has touched by itself after some windows: own memory without a beat, own memory that it writes while it
   * has the keyboard, files, shared memory.
   */
  readonly idle: { readonly own: Windows; readonly front: Windows; readonly files: Windows; readonly shared: Windows }
  /**
   * Collections of garbage: mean time between two of the same document, from when to when after the last action there are any;
   * mean time from hiding a document to collecting it; the share of a document that each goes through. Null: it has none.
   */
  readonly collections: {
    readonly everyNs: number
    readonly afterNs: number
    readonly untilNs: number
    readonly hiddenNs: number
    readonly share: number
  } | null
}
