// A run in the part of an address that is sent nowhere: scenario, kernel, seed and what was done by hand, compressed.
import type { Act } from "@swaplab/live"

/** All that makes a run. */
export interface Linked {
  readonly file: string
  /** Null: a scenario that ships, by its name. */
  readonly text: string | null
  readonly kernel: string | null
  readonly seed: number
  readonly acts: ReadonlyArray<Act>
}

/** Longer texts are refused: an address is no archive, and a small one may unpack to a huge one. */
const MAX_BYTES = 1 << 20

const through = async (
  bytes: Uint8Array<ArrayBuffer>,
  stream: GenericTransformStream
): Promise<Uint8Array<ArrayBuffer>> => {
  const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader() as ReadableStreamDefaultReader<
    Uint8Array<ArrayBuffer>
  >
  const parts: Array<Uint8Array<ArrayBuffer>> = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    length += value.length
    if (length > MAX_BYTES) throw new Error("is too long")
    parts.push(value)
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer())
}

/** The text of a link. */
export const toLink = async (linked: Linked): Promise<string> => {
  const bytes = new Uint8Array(new TextEncoder().encode(JSON.stringify(linked)))
  const packed = await through(bytes, new CompressionStream("deflate-raw"))
  return btoa(String.fromCharCode(...packed)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")
}

const isAct = (value: unknown): value is Act =>
  typeof value === "object" && value !== null &&
  Object.values(value).every((of) => typeof of === "string" || typeof of === "number")

const checked = (value: unknown): Linked => {
  const { acts, file, kernel, seed, text } = value as Partial<Linked>
  const right = typeof file === "string" && (text === null || typeof text === "string") &&
    (kernel === null || typeof kernel === "string") && Number.isSafeInteger(seed) && Array.isArray(acts) &&
    acts.every(isAct)
  if (!right) throw new Error("says no run")
  return { file, text: text ?? null, kernel: kernel ?? null, seed: seed ?? 0, acts: acts ?? [] }
}

/** What a link says; an Error with the reason where it says nothing. */
export const fromLink = async (link: string): Promise<Linked | Error> => {
  try {
    const packed = Uint8Array.from(atob(link.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0))
    const text = new TextDecoder("utf-8", { fatal: true }).decode(
      await through(packed, new DecompressionStream("deflate-raw"))
    )
    return checked(JSON.parse(text))
  } catch (error) {
    return new Error(`this link cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}
