// contents page of @swaplab/lan
export {}
