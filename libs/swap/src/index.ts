// contents page of @swaplab/swap
export {}
