// contents page of @swaplab/slab
export {}
