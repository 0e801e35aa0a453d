// For tests that put a socket into a given state.

/** Memory of the protocol in a given state. */
export const protoMemory = (pressure: boolean, allocated = 0) => ({
  memory: {
    allocated,
    pressure,
    sockets: 1,
    rmemMinimum: 4096,
    wmemMinimum: 4096,
    limit: [100, 200, 300],
    enterPressure: () => {}
  }
})
