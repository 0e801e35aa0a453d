// contents page of @swaplab/net-skb
export {}
