// contents page of @swaplab/sim
export {}
