// contents page of @swaplab/kernel
export {}
