// Connections whose process is gone: how they end.
import { TCPHDR_RST } from "@swaplab/net-skb"
import { bootContext, ECONNRESET, EPIPE, ETIMEDOUT } from "@swaplab/page-alloc"
import { letGo, type TcpSocket } from "@swaplab/tcp"
import { describe, expect, it } from "vitest"
import { Rig, S } from "./connecting.ts"

describe("a process that held its socket and is gone", () => {
  /** A connection that stands. */
  const standing = (): { readonly rig: Rig; readonly peer: TcpSocket } => {
    const rig = new Rig()
    rig.listener.open()
    rig.connect()
    rig.runUntil(S)
    return { rig, peer: rig.accepted[0] }
  }

  it("leaves a FIN when it had read everything; both sockets go when both have ended", () => {
    const { peer, rig } = standing()
    letGo(peer, bootContext())
    rig.runUntil(2 * S)
    expect(rig.socket).toMatchObject({ finReceived: true, error: 0 })
    // what waits for the other FIN is no longer the socket itself
    expect(peer).toMatchObject({ closed: true, orphan: true, timewait: { substate: 5 } })
    letGo(rig.socket, bootContext())
    rig.runUntil(3 * S)
    expect([peer.closed, rig.socket.closed]).toEqual([true, true])
    for (const { stack } of [rig.net.a, rig.net.b]) stack.checkInvariants()
    expect(rig.net.b.stack.gone.packets).toBe(peer.packets)
  })

  it("leaves a RST when there was something to read", () => {
    const { peer, rig } = standing()
    rig.net.spawn("sends", function*(task) {
      yield* rig.socket.sendBytes(task, new Uint8Array(100), false)
    })
    rig.runUntil(2 * S)
    letGo(peer, bootContext())
    rig.runUntil(3 * S)
    expect(rig.socket.error).toBe(ECONNRESET)
    expect(peer.closed).toBe(true)
  })

  it("answers what comes after its FIN with a RST", () => {
    const { peer, rig } = standing()
    const { flags, seq } = rig.net.packets
    const resets: Array<ReadonlyArray<number>> = []
    rig.net.ba.onFrame = (frame) => {
      if ((flags[frame] & TCPHDR_RST) !== 0) resets.push([flags[frame], seq[frame]])
      return true
    }
    letGo(peer, bootContext())
    rig.runUntil(2 * S)
    rig.net.spawn("sends", function*(task) {
      yield* rig.socket.sendBytes(task, new Uint8Array(100), false)
    })
    rig.runUntil(3 * S)
    expect([rig.socket.error, peer.closed]).toEqual([EPIPE, true])
    // it has the number that the data acknowledged, and acknowledges nothing
    expect(resets).toEqual([[TCPHDR_RST, 1]])
  })

  it("sends its FIN again for 102.2 s when nobody acknowledges it, and goes", () => {
    const { peer, rig } = standing()
    rig.net.ab.cut = rig.net.ba.cut = true
    letGo(peer, bootContext())
    rig.runUntil(100 * S)
    expect(peer.closed).toBe(false)
    rig.runUntil(210 * S)
    expect([peer.closed, peer.error]).toEqual([true, ETIMEDOUT])
  })

  it("a machine that forgot the connection answers the next segment with a RST", () => {
    const { peer, rig } = standing()
    peer.die(bootContext(), ECONNRESET)
    peer.close(bootContext())
    rig.net.spawn("sends", function*(task) {
      yield* rig.socket.sendBytes(task, new Uint8Array(100), false)
    })
    rig.sent.length = 0
    rig.runUntil(2 * S)
    expect(rig.socket.error).toBe(ECONNRESET)
    expect(rig.sent.some(({ flags }) => (flags & TCPHDR_RST) !== 0)).toBe(false)
  })
})
