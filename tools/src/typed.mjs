// @ts-check
// Commands in words.

/** Words that need no quotes in a shell. */
const PLAIN = /^[\w.=\-/]+$/

/** A command of swaplab as one would type it. @type {(command: ReadonlyArray<string>) => string} */
export const typed = (command) =>
  `npx swaplab ${command.map((word) => (PLAIN.test(word) ? word : `'${word}'`)).join(" ")}`
