// contents page of @swaplab/experiment
export {}
