// contents page of @swaplab/page-alloc
export {}
