// contents page of @swaplab/report
export {}
