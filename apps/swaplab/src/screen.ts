// What standard output and standard error are written to: how wide, and whether it shows colours.
import type { Sheet } from "@swaplab/report"
import { env, stdout } from "node:process"

/** Columns of a pipe or a file, and of a terminal that does not know its own. */
const COLUMNS = 80

/** A stream of the process, as far as it is asked. */
export interface Screen {
  readonly isTTY?: boolean
  readonly columns?: number
}

type Environment = Readonly<Record<string, string | undefined>>

/** COLUMNS of the environment, else what the terminal says, else 80. */
const widthOf = ({ columns }: Screen, { COLUMNS: wanted = "" }: Environment): number => {
  if (/^[1-9]\d{0,3}$/.test(wanted)) return Number(wanted)
  // a pseudo-terminal without a size says 0
  return columns === undefined || columns === 0 ? COLUMNS : columns
}

/** FORCE_COLOR decides where it is set (0 and false: none), as it does for Node; then NO_COLOR; else a terminal has them. */
const colourOf = ({ isTTY }: Screen, { FORCE_COLOR: force, NO_COLOR: no = "", TERM }: Environment): boolean =>
  force === undefined ? isTTY === true && no === "" && TERM !== "dumb" : force !== "0" && force !== "false"

/** How text is drawn on a stream. */
export const sheetOf = (screen: Screen, environment: Environment): Sheet => ({
  width: widthOf(screen, environment),
  colour: colourOf(screen, environment)
})

/** How text is drawn on standard output. */
export const sheet = (): Sheet => sheetOf(stdout, env)
