// What every reader returns: what it understood, and every line that it did not.

/** A line, or a place of a file without lines, that a reader did not take, and why. Lines count from 1. */
export interface Unread {
  readonly line: number
  readonly text: string
  readonly why: string
}

/** What a reader understood. It never throws: a file of another form is one without anything understood. */
export interface Read<A> {
  readonly value: A
  readonly unread: ReadonlyArray<Unread>
}

/** Characters of a line that a message shows. */
const SHOWN = 60

/** Collects what is not understood. */
export class UnreadLines {
  readonly all: Array<Unread> = []

  add(line: number, text: string, why: string): void {
    const printable = text.trim().replaceAll(/[^\x20-\x7e\u00a0-\uffff]/g, "?")
    this.all.push({ line, text: printable.length > SHOWN ? `${printable.slice(0, SHOWN - 1)}…` : printable, why })
  }
}

/** Lines of a text, whatever ends them. */
export const linesOf = (text: string): ReadonlyArray<string> => text.split(/\r\n|\n|\r/)

/** A whole number in digits that JavaScript has exactly; null for anything else. */
export const wholeOf = (text: string): number | null => {
  if (!/^\d{1,16}$/.test(text)) return null
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : null
}
