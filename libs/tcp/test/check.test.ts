// What a check of a socket notices: each of its fields that disagrees with the queues.
import { NO_SKB } from "@swaplab/net-skb"
import { expect, it } from "vitest"
import { NEWRENO, PROMPT, Script } from "./script.ts"

const MSS = 1448
const LOST = 4

/** Two segments are in flight, more wait for the window, one has come and is not read, one came out of order. */
const busy = (): Script => {
  const script = new Script({ nic: PROMPT, sysctls: NEWRENO, tcp: { tso: false } })
  script.segment()
  script.client.cwnd = 2
  for (let i = 0; i < 5; i++) script.send(MSS)
  script.take()
  script.segment({ seq: 0, len: MSS })
  script.segment({ seq: 3 * MSS, len: MSS })
  script.client.checkInvariants()
  return script
}

it.each<readonly [string, (script: Script) => void]>([
  ["a lost segment lies behind the end of those to retransmit", ({ client, net }) => {
    net.a.stack.skbs.sacked[client.writeHead] = LOST
    client.lostOut = 1
  }],
  ["a gap in the send queue", ({ client, net }) => {
    net.a.stack.skbs.endSeq[client.writeHead]++
  }],
  ["what is sent next does not follow what was sent", ({ client, net }) => {
    expect(client.sendHead).not.toBe(NO_SKB)
    expect(net.a.stack.skbs.seq[client.sendHead]).toBe(client.sndNxt)
    client.sndNxt--
  }],
  ["a gap in the receive queue", ({ client, net }) => {
    net.a.stack.skbs.seq[client.rcvHead]++
  }],
  ["the receive queue ends before what was acknowledged", ({ client }) => {
    client.rcvNxt++
  }],
  ["out-of-order segments are not sorted", ({ client, net }) => {
    net.a.stack.skbs.seq[client.oooHead] = 0
  }],
  ["packets in flight miscounted", ({ client }) => {
    client.packetsOut++
  }]
])("%s", (message, spoil) => {
  const script = busy()
  spoil(script)
  expect(() => script.client.checkInvariants()).toThrow(message)
})
