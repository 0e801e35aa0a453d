// contents page of @swaplab/workload
export {}
