/**
 * {@include ../README.md}
 *
 * @module @swaplab/vmscan
 */
export {
  type Congestion,
  type OomCandidate,
  type OomOps,
  PAGE_CLEAN,
  PAGE_SUCCESS,
  type ReclaimOps,
  REFERENCED_EXEC,
  SWAP_SUCCESS
} from "./ops.ts"
export { type VmscanCosts, type VmscanOptions, type VmscanSwitches } from "./options.ts"
export { Vmscan } from "./vmscan.ts"
