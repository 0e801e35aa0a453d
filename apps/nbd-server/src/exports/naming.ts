// Which rule of a configuration a name stands for, and by which key the store of a client is known. Nothing is opened.
import type { Config, StaticExport, SwapTemplate } from "../config/schema.ts"

/** An export of a template that is to be made, or opened again. */
export interface FromTemplate {
  /** Its key among the open stores, and its name. */
  readonly key: string
  readonly name: string
  readonly rule: SwapTemplate
  readonly address: string
}

/** The template for a name: the longest pattern that fits. */
export const templateOf = (config: Config, name: string): SwapTemplate | null => {
  let best: readonly [string, SwapTemplate] | null = null
  for (const [pattern, template] of Object.entries(config.swap)) {
    const fits = pattern.endsWith("*")
      ? name.startsWith(pattern.slice(0, -1)) && name.length >= pattern.length
      : name === pattern
    if (fits && (best === null || pattern.length > best[0].length)) best = [pattern, template]
  }
  return best === null ? null : best[1]
}

export const fromTemplate = (name: string, rule: SwapTemplate, address: string): FromTemplate => ({
  key: rule.per === "address" ? `${name}@${address}` : name,
  name,
  rule,
  address
})

/** The name that a client asks by: the empty one is the only or the first static export. */
export const nameOf = ({ exports }: Config, asked: string): string =>
  asked === "" && !Object.hasOwn(exports, "") ? Object.keys(exports)[0] ?? "" : asked

/** The static export of this name, or the template that it fits; null: there is neither. */
export const ruleOf = (config: Config, asked: string): StaticExport | SwapTemplate | null => {
  const name = nameOf(config, asked)
  return Object.hasOwn(config.exports, name) ? config.exports[name] : templateOf(config, asked)
}
