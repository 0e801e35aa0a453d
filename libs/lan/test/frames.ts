import { Lan } from "@swaplab/lan"
import { Sim } from "@swaplab/sim"

/** A network whose frames are plain numbers with a size and a destination, and a list of those that were lost. */
export const testLan = (seed = 1) => {
  const sim = new Sim({ seed })
  const bytes: Array<number> = []
  const destination: Array<number> = []
  const lost: Array<{ frame: number; reason: number; at: number }> = []
  /** Every second frame can be marked. */
  const marked: Array<number> = []
  const lan = new Lan(sim, {
    bytes: (frame) => bytes[frame],
    destination: (frame) => destination[frame],
    copy: (original) => frame(bytes[original], destination[original]),
    mark: (frame) => frame % 2 === 0 && marked.push(frame) > 0,
    drop: (frame, reason) => lost.push({ frame, reason, at: sim.now })
  })
  const frame = (size: number, to = 0): number => {
    destination.push(to)
    return bytes.push(size) - 1
  }
  /** Calls `action` at a time, inside an event. */
  const at = (time: number, action: () => void): void => {
    sim.queue.at(time, sim.queue.register(action), 0)
  }
  return { sim, lan, frame, at, lost, marked }
}

/** Packets of a TCP segment train of `bytes`: MSS 1448, 52 bytes of headers. */
export const tcpPackets = (bytes: number): Array<number> => {
  const packets: Array<number> = []
  for (let left = bytes; left > 0; left -= 1448) packets.push(Math.min(left, 1448) + 52)
  return packets
}
