// Frames through a star of 64 hosts and one switch, two hops each, with every link kept busy; against the bare event
// queue holding as many events.
import { DROPPED, Lan, Link, Switch } from "@swaplab/lan"
import { Sim } from "@swaplab/sim"

const HOSTS = 64
const FRAMES = 2_000_000

const cpuSeconds = (run: () => void): number => {
  const before = process.cpuUsage()
  run()
  const used = process.cpuUsage(before)
  return (used.user + used.system) / 1e6
}

const star = (frames: number): void => {
  const sim = new Sim({ seed: 1 })
  let sent = 0
  const lan = new Lan(sim, {
    bytes: () => 1500,
    destination: (frame) => frame,
    copy: (frame) => frame,
    drop: () => {
      throw new Error("the benchmark loses no frames")
    }
  })
  const device = new Switch(lan, { name: "switch", forwardingLatencyNs: 2000, bufferBytes: 1e9 })
  for (let host = 0; host < HOSTS; host++) {
    const up = new Link(lan, { name: `up ${host}`, bitsPerSecond: 1e9, latencyNs: 300 + host })
    const down = new Link(lan, { name: `down ${host}`, bitsPerSecond: 1e9, latencyNs: 300 + host })
    down.receive = () => {
      if (sent++ < frames && up.send((host + 1 + sent % (HOSTS - 1)) % HOSTS) === DROPPED) throw new Error("dropped")
    }
    device.route(host, device.addPort(up, down))
    for (let i = 0; i < 4; i++) up.send((host + 1 + i) % HOSTS)
  }
  sim.run()
  lan.checkConservation()
}

const bareHeap = (events: number): void => {
  const { queue } = new Sim({ seed: 1 })
  let fired = 0
  const kind = queue.register((arg) => {
    if (fired++ < events) queue.after(12_304 + arg * 7, kind, arg)
  })
  for (let i = 0; i < 2 * HOSTS; i++) queue.at(i, kind, i)
  while (queue.size > 0) queue.step()
}

star(FRAMES / 10)
bareHeap(FRAMES / 10)
const seconds = cpuSeconds(() => star(FRAMES))
const heapSeconds = cpuSeconds(() => bareHeap(2 * FRAMES))
console.log(JSON.stringify({
  bench: "lan hops",
  opsPerCpuSecond: Math.round(2 * FRAMES / seconds),
  nsPerHop: Math.round(seconds * 1e9 / (2 * FRAMES)),
  ratioToBareHeap: Number((heapSeconds / seconds).toFixed(2))
}))
