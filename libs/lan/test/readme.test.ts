import { DropReason, Lan, Link, Switch } from "@swaplab/lan"
import { Sim } from "@swaplab/sim"
import { readFileSync } from "node:fs"
import { expect, it } from "vitest"

it("the example of the README does what it says", () => {
  const output: Array<string> = []
  const console = { log: (line: string) => output.push(line) }

  const sim = new Sim({ seed: 1 })
  const lan = new Lan(sim, {
    bytes: () => 1500, // every frame is a full packet
    destination: () => 0, // for host 0
    copy: (frame) => frame, // nothing is duplicated
    drop: (frame, reason) => console.log(`frame ${frame} lost: ${reason === DropReason.BufferFull}`)
  })
  const device = new Switch(lan, { name: "switch", forwardingLatencyNs: 3000, bufferBytes: 200_000 })
  for (let host = 0; host < 3; host++) {
    const up = new Link(lan, { name: `host ${host} up`, bitsPerSecond: 1e9, latencyNs: 300 })
    const down = new Link(lan, { name: `host ${host} down`, bitsPerSecond: 1e9, latencyNs: 300 })
    down.receive = (frame) => console.log(`${sim.now} ns: frame ${frame} at host ${host}`)
    device.route(host, device.addPort(up, down))
  }
  lan.links[2].send(41) // host 1, up
  lan.links[4].send(42) // host 2, up: both want the cable to host 0
  sim.run()
  lan.checkConservation()

  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")
  expect(readme).toContain("```text\n" + output.join("\n") + "\n```")
})
