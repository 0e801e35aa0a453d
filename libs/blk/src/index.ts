// contents page of @swaplab/blk
export {}
