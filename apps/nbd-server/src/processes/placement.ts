// Which process of a server has an export. Every export that can be changed is in one process, which alone knows its holes,
// its quota and what a flush has to cover: connections of one client to it see one store, wherever they came in. What counts
// for a rate is in one process, too: otherwise a client would have its rate in each.
import type { OptionMessage } from "@swaplab/nbd"
import { namedIn, Option } from "@swaplab/nbd"
import type { Config, StaticExport, SwapTemplate } from "../config/schema.ts"
import { fromTemplate, nameOf, ruleOf } from "../exports/naming.ts"

interface Rated {
  readonly requestsPerSecond: number | null
  readonly bytesPerSecond: number | null
}

const isRated = ({ bytesPerSecond, requestsPerSecond }: Rated): boolean =>
  bytesPerSecond !== null || requestsPerSecond !== null

/** An image that nobody changes, and that counts for no rate, is in all processes. */
const isShared = ({ limits }: Config, rule: StaticExport | SwapTemplate): boolean =>
  "readOnly" in rule && rule.readOnly && rule.file !== null && !isRated(rule) && !isRated(limits)

/** Clients with a rate are known by their address at all static exports, which are in one process then. */
const staticKey = ({ limits }: Config, name: string): string => isRated(limits) ? "" : name

/** The process that has the store of this key, the same in every run: FNV-1a over its characters. */
export const placeOfKey = (key: string, processes: number): number => {
  let hash = 0x811c9dc5
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  return (hash >>> 0) % processes
}

/** The process that has what a client at an address asks for by a name; "any" of them; null: there is no such export. */
export const placeOfName = (config: Config, asked: string, address: string): number | "any" | null => {
  const rule = ruleOf(config, asked)
  if (rule === null) return null
  if (isShared(config, rule)) return "any"
  const name = nameOf(config, asked)
  return placeOfKey(
    "grace" in rule ? fromTemplate(name, rule, address).key : staticKey(config, name),
    config.processes
  )
}

/** True when a process keeps the store of this key: it has it alone, or all have it. */
export const isKeptIn = (place: number, config: Config, key: string): boolean => {
  const rule = Object.hasOwn(config.exports, key) ? config.exports[key] : null
  if (rule === null) return placeOfKey(key, config.processes) === place
  return isShared(config, rule) || placeOfKey(staticKey(config, key), config.processes) === place
}

/** A static export that another configuration has in another process, where its connections cannot follow; or null. */
export const movedExport = (before: Config, next: Config): string | null =>
  Object.keys(next.exports).find((name) =>
    Object.hasOwn(before.exports, name) && placeOfName(before, name, "") !== placeOfName(next, name, "")
  ) ?? null

/**
 * The process that answers an option: the one that has the export named in it. TLS ends in any of them, and a list is made by
 * any of them. Null: the option is about no export.
 */
export const placeOfOption = (config: Config, message: OptionMessage, address: string): number | "any" | null => {
  if (message.option === Option.StartTls || message.option === Option.List) return "any"
  const name = namedIn(message)
  // that there is no such export is told by one that knows which there are
  return name === null ? null : placeOfName(config, name, address) ?? "any"
}
