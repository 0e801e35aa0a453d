// contents page of @swaplab/kmem
export {}
