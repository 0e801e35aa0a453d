// What two machines put on the wire between them, with times.
import { expect } from "vitest"
import { MS } from "./script.ts"
import type { ToyNetwork } from "./toy.ts"

/** Times, in ms, at which data frames enter the wire from server to client. */
export const watchData = (net: ToyNetwork): Array<{ at: number; seq: number; len: number }> => {
  const seen: Array<{ at: number; seq: number; len: number }> = []
  net.ba.onFrame = (frame) => {
    if (net.packets.len[frame] > 0) {
      seen.push({ at: net.sim.now / MS, seq: net.packets.seq[frame], len: net.packets.len[frame] })
    }
    return true
  }
  return seen
}

/** Times, in ms, of pure ACKs from client to server. */
export const watchAcks = (net: ToyNetwork): Array<{ at: number; ack: number; wnd: number }> => {
  const seen: Array<{ at: number; ack: number; wnd: number }> = []
  net.ab.onFrame = (frame) => {
    if (net.packets.len[frame] === 0) {
      seen.push({ at: net.sim.now / MS, ack: net.packets.ack[frame], wnd: net.packets.wnd[frame] })
    }
    return true
  }
  return seen
}

/** One page there and back, so that the round trip is known. */
export const warmUp = (net: ToyNetwork, bytes = 16): void => {
  net.spawn("warm sender", function*(task) {
    yield* net.server.sendBytes(task, new Uint8Array(bytes), false)
  })
  net.spawn("warm receiver", function*(task) {
    yield* net.client.recvBytes(task, new Uint8Array(bytes))
  })
  net.sim.run(net.sim.now + 1000 * MS)
  expect(net.client.readable).toBe(0)
  expect(net.server.packetsOut).toBe(0)
}
