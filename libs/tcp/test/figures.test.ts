// Counters of /proc/net/snmp and netstat of a whole machine.
import { bootContext } from "@swaplab/page-alloc"
import { expect, it } from "vitest"
import { Rig, S } from "./connecting.ts"

const TCP = ["ActiveOpens", "PassiveOpens", "AttemptFails", "EstabResets", "CurrEstab", "InSegs", "OutSegs", "OutRsts"]

/** Of both machines; between them stands one connection from the beginning. */
const both = (rig: Rig) =>
  [rig.net.a, rig.net.b].map(({ stack }) => TCP.map((name) => stack.figures().get(name) ?? 0).join(" "))

it("a connection counts as one opened at either end, and as one that stands", () => {
  const rig = new Rig()
  rig.listener.open()
  rig.connect()
  rig.runUntil(S)
  // SYN and ACK one way, SYN/ACK the other; the SYN has reached a listener, which counts for itself
  expect(both(rig)).toEqual(["1 0 0 0 2 1 2 0", "0 1 0 0 2 1 1 0"])
})

it("a refused connection is a failed attempt, and a RST of the other machine", () => {
  const rig = new Rig()
  rig.connect()
  rig.runUntil(S)
  expect(both(rig)).toEqual(["1 0 1 0 1 1 1 0", "0 0 0 0 1 1 1 1"])
})

it("one that is reset has stood; what it counted stays when the socket is gone", () => {
  const rig = new Rig()
  rig.listener.open()
  rig.connect()
  rig.runUntil(S)
  rig.accepted[0].abort(bootContext())
  rig.accepted[0].close(bootContext())
  rig.runUntil(2 * S)
  expect(both(rig)).toEqual(["1 0 0 1 1 2 2 0", "0 1 0 1 1 1 2 1"])
  expect([...rig.net.b.stack.sockets()]).toHaveLength(1)
})

it("what is sent again is no new segment", () => {
  const rig = new Rig()
  rig.net.ab.cut = true
  rig.connect()
  rig.runUntil(2 * S)
  const figures = rig.net.a.stack.figures()
  expect(["OutSegs", "RetransSegs", "TCPTimeouts"].map((name) => figures.get(name))).toEqual([1, 1, 1])
})
