// Contents page of @swaplab/vmscan, in reading order.
export {
  type Congestion,
  type OomCandidate,
  type OomOps,
  PAGE_ACTIVATE,
  PAGE_CLEAN,
  PAGE_KEEP,
  PAGE_SUCCESS,
  type ReclaimOps,
  REFERENCED_EXEC,
  SWAP_AGAIN,
  SWAP_FAIL,
  SWAP_MLOCK,
  SWAP_SUCCESS
} from "./ops.ts"
