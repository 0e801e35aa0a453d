// What a text is drawn on: a terminal, a pipe, a file. Who prints knows which, this library does not.
import type { Tone } from "./document.ts"

/** Columns, and whether it shows colours. Sheets narrower than `MIN_WIDTH` are drawn as wide as that. */
export interface Sheet {
  readonly width: number
  readonly colour: boolean
}

export const MIN_WIDTH = 40

/** Pipes and files: 80 columns without colours. */
export const PLAIN: Sheet = { width: 80, colour: false }

/** Parameters of SGR (ECMA-48): green, red, yellow, bold. */
const SGR: Readonly<Record<Tone, number>> = { good: 32, bad: 31, warn: 33, strong: 1 }

/** A text in a tone. Its width stays what it was. */
export const paint = (text: string, tone: Tone | null, { colour }: Sheet): string =>
  tone === null || !colour || text === "" ? text : `\u001b[${SGR[tone]}m${text}\u001b[0m`
