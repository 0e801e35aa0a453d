// Contents page of @swaplab/workload, in reading order.
export { tokenWriter, usemem, type UsememExit, type UsememOptions } from "./usemem.ts"
