// contents page of @swaplab/vmscan
export {}
