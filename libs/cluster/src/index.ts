// contents page of @swaplab/cluster
export {}
