// contents page of @swaplab/nbd
export {}
