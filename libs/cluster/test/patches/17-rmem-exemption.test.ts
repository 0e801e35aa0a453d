import { describe, expect, it } from "vitest"
import { ALLOCATORS, boot, pair } from "./rig.ts"

// "+1": it came with the NFS series and has no number in this one
describe("patch +1, rmem-exemption", () => {
  it.each(ALLOCATORS)(
    "%s: over the protocol's limit a marked skb is accepted and an ordinary one is not",
    (allocator) => {
      const seen = pair("v3.6", "rmem-exemption").map((kernel) => {
        const rig = boot(allocator, kernel)
        const { tcpMemory } = rig.machine.net
        const sk = rig.client.connection.clientSocket
        tcpMemory.allocated = tcpMemory.limit[2]
        sk.rmemAlloc = sk.rcvbuf
        return [sk.rmemSchedule(1 << 20, false), sk.rmemSchedule(1 << 20, true)]
      })
      expect(seen).toEqual([[false, true], [false, false]])
    }
  )
})
