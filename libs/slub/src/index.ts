// contents page of @swaplab/slub
export {}
