// @ts-check
// The cells of the comparison: how many clients do what over which switch with which TCP.
import { STACKS } from "./settings.mjs"

/** @typedef {"read" | "write" | "mixed"} Operation */
/**
 * @typedef {{
 *   clients: number, bufferKiB: number, op: Operation, stack: import("./settings.mjs").Stack, sizeKiB: number, depth: number
 * }} Cell
 */

const CLIENTS = [1, 5, 20, 30]
const BUFFERS_KIB = [32, 64, 256, 1024]
/** @type {ReadonlyArray<Operation>} */
const OPERATIONS = ["read", "write", "mixed"]
const STACK_NAMES = /** @type {ReadonlyArray<import("./settings.mjs").Stack>} */ (Object.keys(STACKS))

/** Requests as a kernel's read-ahead makes them, and writes as its nbd driver does: up to 124 KiB. @type {ReadonlyArray<Cell>} */
export const GRID = STACK_NAMES.flatMap((stack) => [
  ...OPERATIONS.flatMap((op) =>
    CLIENTS.flatMap((clients) =>
      BUFFERS_KIB.map((bufferKiB) => ({ clients, bufferKiB, op, stack, sizeKiB: 32, depth: 4 }))
    )
  ),
  ...[64, 256].map((bufferKiB) => ({ clients: 20, bufferKiB, op: OPERATIONS[1], stack, sizeKiB: 124, depth: 4 }))
])

/** Its name, such as `reno-write-n20-b64-s32`. @type {(cell: Cell) => string} */
export const keyOf = ({ bufferKiB, clients, op, sizeKiB, stack }) =>
  `${stack}-${op}-n${clients}-b${bufferKiB}-s${sizeKiB}`

/**
 * The cells whose name contains every part of one of the filters: `reno-write`, `cubic,n20`, several separated by blanks.
 * @type {(filter: string) => ReadonlyArray<Cell>}
 */
export const chosen = (filter) => {
  const choices = filter.split(/\s+/).filter((text) => text !== "").map((text) => text.split(","))
  if (choices.length === 0) return GRID
  return GRID.filter((cell) => choices.some((parts) => parts.every((part) => `-${keyOf(cell)}-`.includes(`-${part}-`))))
}
