// Words and their width: where a line of a terminal may be broken. Never inside a figure, nor between it and its unit; a
// word that is wider than the whole line is broken behind a sign such as | or -, and only then anywhere.

import { eastAsianWidth } from "get-east-asian-width"

const ASCII = /^[ -~]*$/
const NO_WIDTH = /^[\p{M}\p{Cf}]$/u

/** Columns of a terminal that a text takes: letters of East Asia and emoji two, combining marks none. */
export const columnsOf = (text: string): number => {
  if (ASCII.test(text)) return text.length
  let columns = 0
  for (const character of text) {
    if (!NO_WIDTH.test(character)) columns += eastAsianWidth(character.codePointAt(0) ?? 0)
  }
  return columns
}

/** A text without characters that move the cursor or change colours; those come from files of users. */
const plainOf = (text: string): string =>
  text.replaceAll(/\p{Cc}/gu, (character) => /\s/.test(character) ? " " : "\ufffd")

const UNIT = /^(?:ns|us|ms|s|min|h|%|B|KiB|MiB|GiB|MB|MB\/s|Mbit|Gbit)(?![A-Za-z0-9])/
const FIGURE = /\d$/

/** The words of a text; a figure and its unit are one. */
const wordsOf = (text: string): ReadonlyArray<string> => {
  const words: Array<string> = []
  for (const word of text.split(/\s+/)) {
    if (word === "") continue
    const last = words[words.length - 1]
    if (last !== undefined && FIGURE.test(last) && UNIT.test(word)) words[words.length - 1] = `${last} ${word}`
    else words.push(word)
  }
  return words
}

const SIGN = /[|/,;\s]/
const WEAK_SIGN = /[:=_.-]/

/** A word that is too wide, in two: behind a sign such as |, else behind one such as _, else at the end of the line. */
const pieces = (word: string, width: number): readonly [string, string] => {
  let end = 0
  let columns = 0
  let sign = 0
  let weak = 0
  for (const character of word) {
    columns += columnsOf(character)
    if (columns > width) break
    end += character.length
    if (columns > width / 4 && SIGN.test(character)) sign = end
    if (columns > width / 2 && WEAK_SIGN.test(character)) weak = end
  }
  const at = sign > 0 ? sign : weak > 0 ? weak : end
  return [word.slice(0, at).trimEnd(), word.slice(at).trimStart()]
}

/** A text in lines of at most `width` columns, all but the first of at most `further`; one empty line for no text. */
export const breakText = (text: string, width: number, further = width): ReadonlyArray<string> => {
  const plain = plainOf(text)
  // blanks that align a cell stay where nothing is broken
  if (columnsOf(plain) <= width) return [plain]
  const broken: Array<string> = []
  let line = ""
  let room = width
  const end = (): void => {
    broken.push(line)
    line = ""
    room = further
  }
  for (const word of wordsOf(plain)) {
    if (line !== "" && columnsOf(line) + 1 + columnsOf(word) > room) end()
    line = line === "" ? word : `${line} ${word}`
    while (columnsOf(line) > room) {
      const [piece, rest] = pieces(line, room)
      line = piece
      end()
      line = rest
    }
  }
  return line === "" && broken.length > 0 ? broken : [...broken, line]
}

/** The width below which a text cannot be drawn without breaking a word. */
export const widestWord = (text: string): number =>
  wordsOf(text).reduce((most, word) => Math.max(most, columnsOf(word)), 0)
