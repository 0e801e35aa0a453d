// contents page of @swaplab/tcp
export {}
