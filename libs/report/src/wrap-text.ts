// Text in lines of at most so many characters, broken at spaces; a long flag list also behind a bar.

/** The lines of a text. */
export const wrapText = (text: string, width: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let line = ""
  for (const word of text.split(/ |(?<=\|)/)) {
    const joined = line === "" ? word : line.endsWith("|") ? line + word : `${line} ${word}`
    if (joined.length <= width || line === "") {
      line = joined
      continue
    }
    lines.push(line)
    line = word
  }
  return line === "" ? lines : [...lines, line]
}
