/**
 * {@include ../README.md}
 *
 * @module @swaplab/command
 */
export { completionScript, SHELLS } from "./completions.ts"
export { directory, file, type Kind, oneOf, text, wholeNumber } from "./kinds.ts"
export { type Called, parse, type Said } from "./parse.ts"
export { commandsTable, optionsTable } from "./reference.ts"
export {
  type Argument,
  type CommandRow,
  type Flag,
  flag,
  many,
  type ManyOption,
  one,
  optional,
  type Program,
  required,
  several,
  type SeveralArgument,
  type SingleOption,
  type Values
} from "./rows.ts"
