// What a client is told that does not know the name it wants: the list of exports, and the answer to an unknown name.
//
// Only names that the client may ask for are in the list. A template of one name is one. A pattern such as swap-* is none: a
// client that asked for it literally would share a store with all others that did. So of a pattern a client sees the stores
// that it has, and before it has one, a name that would give it one: the pattern with the client's address for its end.
import { roundQuantity, SIZE } from "@swaplab/config"
import type { Config, SwapTemplate } from "../config/schema.ts"
import { templateOf } from "./naming.ts"
import type { OpenStore } from "./open-store.ts"

/** A line of the list. */
export interface Listed {
  readonly name: string
  readonly description: string
}

const ofTemplate = (pattern: string, { description, per, size }: SwapTemplate): string => {
  const each = per === "address"
    ? "for each address"
    : pattern === "*"
    ? "for any name"
    : `for any name that begins with ${pattern.slice(0, -1)}`
  return `${description === "" ? `swap of ${roundQuantity(SIZE, size, 3)}` : description}, ${each}`
}

/** Names that a client at an address may ask for, and that stand for the template. */
const namesOf = (config: Config, stores: ReadonlyArray<OpenStore>, address: string, pattern: string) => {
  if (!pattern.endsWith("*")) return [pattern]
  const isOfIt = (name: string): boolean => templateOf(config, name) === config.swap[pattern]
  const own = stores.filter(({ owner, template }) => template !== null && owner === address)
    .map(({ served }) => served.info.name).filter(isOfIt)
  if (own.length > 0) return own
  const example = pattern.slice(0, -1) + address
  return isOfIt(example) && !Object.hasOwn(config.exports, example) ? [example] : []
}

/** The list for a client at an address; whether it may use each is still to be asked. */
export const listed = (config: Config, stores: ReadonlyArray<OpenStore>, address: string): ReadonlyArray<Listed> => [
  ...Object.entries(config.exports).map(([name, { description }]) => ({ name, description })),
  ...Object.entries(config.swap).flatMap(([pattern, template]) =>
    namesOf(config, stores, address, pattern).map((name) => ({ name, description: ofTemplate(pattern, template) }))
  )
]

/** Names that an answer holds, and characters of each: it is one line in a terminal. */
const SHOWN = 8
const SHOWN_CHARACTERS = 64

const shown = (name: string): string =>
  JSON.stringify(name.length > SHOWN_CHARACTERS ? `${name.slice(0, SHOWN_CHARACTERS)}...` : name)

/** The answer to a name that is not there. `known` are the names and patterns that may be told, or null. */
export const unknownName = (asked: string, known: ReadonlyArray<string> | null): string => {
  const there = known === null || known.length === 0
    ? ""
    : `, there ${known.length === 1 ? "is" : "are"} ${known.slice(0, SHOWN).map(shown).join(", ")}${
      known.length > SHOWN ? " and others" : ""
    }`
  return `there is no export ${shown(asked)}${there}`
}
