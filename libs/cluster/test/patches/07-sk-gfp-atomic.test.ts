import { MAX_TCP_HEADER } from "@swaplab/net-skb"
import { describe, expect, it } from "vitest"
import { ALLOCATORS, boot, exhaustSkbs, leave, pair } from "./rig.ts"

describe("patch 7, sk-gfp-atomic", () => {
  it.each(ALLOCATORS)(
    "%s: the nbd socket's ACK is sent from the last pages; before, it waits for its timer",
    (allocator) => {
      const acks = pair("v3.6", "sk-gfp-atomic").map((kernel) => {
        const rig = boot(allocator, kernel)
        const sk = rig.client.connection.clientSocket
        expect(sk.memalloc).toBe(true)
        leave(rig, 8)
        exhaustSkbs(rig, MAX_TCP_HEADER)
        const sent = sk.acksSent
        sk.ackScheduled = true
        sk.delackTimer.armAt(rig.cluster.sim.now + 1000)
        rig.cluster.sim.run(rig.cluster.sim.now + 2000)
        return [sk.acksSent - sent, sk.ackFailures]
      })
      expect(acks).toEqual([[1, 0], [0, 1]])
    }
  )
})
