// @ts-check
// Pages of which a tool writes a part: what people wrote stays, what stands between markers is written anew.

/**
 * Puts blocks between their markers, of which each stands once; anything else is a mistake.
 * @type {(page: string, tool: string, text: string, blocks: Readonly<Record<string, string>>) => string}
 */
export const withBlocks = (page, tool, text, blocks) =>
  Object.entries(blocks).reduce((before, [name, block]) => {
    const [open, close] = [`<!-- ${tool}: ${name} -->`, `<!-- end of ${name} -->`]
    const [from, to] = [before.indexOf(open), before.indexOf(close)]
    if (from < 0 || to < from) throw new Error(`${page} lacks ${open} … ${close}`)
    if (before.lastIndexOf(open) !== from) throw new Error(`${page} has ${open} more than once`)
    return `${before.slice(0, from + open.length)}\n\n${block}\n\n${before.slice(to)}`
  }, text)
