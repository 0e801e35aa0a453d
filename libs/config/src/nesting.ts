// How deep lists and mappings are nested in a text, before it is parsed.
import { CST, Lexer } from "yaml"

/**
 * The deepest nesting that the text can have. yaml's composer calls itself for every level, and a stack that runs out in
 * the middle of it can end the process. A block's level takes a column at least, so columns bound its levels.
 */
export const nestingOf = (text: string): number => {
  let deepest = 0
  let flow = 0
  let columns = 0
  let atStart = true
  for (const lexeme of new Lexer().lex(text)) {
    const type = CST.tokenType(lexeme)
    switch (type) {
      case "newline":
        columns = 0
        atStart = true
        continue
      case "space":
        if (atStart && flow === 0) columns += lexeme.length
        break
      case "flow-map-start":
      case "flow-seq-start":
        flow++
        break
      case "flow-map-end":
      case "flow-seq-end":
        flow = Math.max(0, flow - 1)
        break
      case "seq-item-ind":
      case "explicit-key-ind":
      case "map-value-ind":
        columns++
        break
    }
    if (type !== "space") {
      atStart = false
      deepest = Math.max(deepest, flow + columns)
    }
  }
  return deepest
}
