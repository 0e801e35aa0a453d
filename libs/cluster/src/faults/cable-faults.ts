// Faults of cables and of the switch.
// Modelled: see libs/lan (link.ts, pause-storm.ts, switch.ts).
// Not modelled: what a driver does when its card loses the carrier. Linux stops its transmit queue; here each frame that is sent
// into a pulled cable is lost. A pulled cable does not end a TCP connection, here as there.
import { field, formatQuantity, RATE, required, SIZE, TIME, Time } from "@swaplab/config"
import { DropReason, type Link, PauseStorm } from "@swaplab/lan"
import { Timer } from "@swaplab/sim"
import { buffer, MS, positiveRate, positiveTime, S } from "../scenario/fields.ts"
import { type Directed, direction, linksOf, onLinks, parts, since, towards } from "./cable-direction.ts"
import { type ActiveFault, faultKind, type PortPlace } from "./fault-kind.ts"

const unplugged = (link: Link): number => link.dropped[DropReason.LinkDown]

export const down = faultKind({
  on: "port",
  meaning: "the cable is pulled: what is on it is lost, and so is everything that is sent",
  sets: "cable",
  parts,
  cause: "network",
  hits: "frames lost",
  options: { direction },
  swarm: { direction: ["both", "both", "to-switch", "from-switch"] },
  begin: (place, options) =>
    onLinks(linksOf(place, options), (link) => link.setUp(false), (link) => link.setUp(true), {
      "frames lost": unplugged
    }),
  describe: (options) => `cable out${towards(options)}`
})

export const flap = faultKind({
  on: "port",
  meaning: "the cable is in and out by turns, as with a broken plug",
  sets: "cable",
  cause: "network",
  hits: "times out",
  options: {
    out: field(positiveTime, S, "How long it is out each time."),
    in: field(
      positiveTime,
      S,
      "How long it is in between. A negotiation of a gigabit card takes 2 to 3 s, which belongs to out."
    )
  },
  swarm: { out: ["5 ms", "50 ms", "500 ms"], in: ["5 ms", "100 ms"] },
  begin: (place, options) => {
    const links = [place.up, place.down]
    const lost = since(links, unplugged)
    let out = false
    let times = 0
    const timer = new Timer(place.sim.queue, () => turn(), { name: "turn of a flapping cable", retry: true })
    const turn = (): void => {
      out = !out
      if (out) times++
      for (const link of links) link.setUp(!out)
      timer.arm(out ? options.out : options.in)
    }
    turn()
    return {
      end: () => {
        timer.cancel()
        for (const link of links) link.setUp(true)
      },
      effects: () => [["times out", times], ["frames lost", lost()]]
    }
  },
  describe: (options) =>
    `cable out for ${formatQuantity(TIME, options.out)}, in for ${formatQuantity(TIME, options.in)}`
})

/** Sets something of some links, and puts back what each had. What counts is what those delivered that it changed. */
const delivered = <V>(
  place: PortPlace,
  options: Directed,
  get: (link: Link) => V,
  set: (link: Link, value: V) => void,
  value: V
): ActiveFault => {
  const links = linksOf(place, options)
  const before = links.map(get)
  const changed = links.filter((_, i) => before[i] !== value)
  const frames = since(changed, (link) => link.deliveredFrames)
  for (const link of links) set(link, value)
  return {
    end: () => links.forEach((link, i) => set(link, before[i])),
    effects: () => [["frames delivered", frames()]]
  }
}

export const rate = faultKind({
  on: "port",
  meaning: "the cable runs at another rate, as when a gigabit card falls back to 100 Mbit",
  sets: "rate",
  parts,
  cause: "network",
  hits: "frames delivered",
  options: { ...required("rate", positiveRate, "Bits per second meanwhile."), direction },
  swarm: { rate: ["1 Mbit", "10 Mbit", "100 Mbit"], direction: ["both", "to-switch", "from-switch"] },
  begin: (place, options) =>
    delivered(
      place,
      options,
      (link) => link.bitsPerSecond,
      (link, bits) => link.setRate(bits),
      options.rate
    ),
  describe: (options) => `rate ${formatQuantity(RATE, options.rate)}${towards(options)}`
})

export const latency = faultKind({
  on: "port",
  meaning: "the way over the cable takes longer",
  sets: "latency",
  parts,
  cause: "network",
  hits: "frames delivered",
  options: { ...required("latency", Time, "One way meanwhile."), direction },
  swarm: { latency: ["1 ms", "20 ms", "200 ms"], direction: ["both", "to-switch", "from-switch"] },
  begin: (place, options) =>
    delivered(place, options, (link) => link.latencyNs, (link, ns) => link.setLatency(ns), options.latency),
  describe: (options) => `latency ${formatQuantity(TIME, options.latency)}${towards(options)}`
})

export const pauseStorm = faultKind({
  on: "port",
  meaning:
    "the machine's card sends pause frames without end (802.3x), as broken cards do: its switch port is silent, and what is "
    + "for it fills the switch",
  sets: "pause",
  cause: "network",
  hits: "frames held",
  options: {
    on: field(positiveTime, 30 * MS, "Silence of each period. The longest pause is 33.5 ms at 1 Gbit."),
    period: field(positiveTime, 30 * MS, "Length of a period. As long as on: silence without end.")
  },
  swarm: { on: ["5 ms", "20 ms", "30 ms"], period: ["30 ms", "60 ms"] },
  rules: [{
    path: ["on"],
    holds: (options) => options.on <= options.period,
    words: (options) =>
      `got ${formatQuantity(TIME, options.on)}, expected at most the period, ${formatQuantity(TIME, options.period)}`
  }],
  begin: ({ down: toMachine, sim, up }, options) => {
    const storm = new PauseStorm(sim, up, toMachine)
    const held = since([toMachine], (link) => link.heldFrames)
    const silent = since([toMachine], (link) => link.pausedNs)
    storm.begin({ onNs: options.on, periodNs: options.period })
    return {
      end: () => storm.end(),
      effects:
        () => [["orders to pause", storm.orders], ["frames held", held()], ["ms silent", Math.round(silent() / MS)]]
    }
  },
  describe: (options) =>
    `pause frames ${formatQuantity(TIME, options.on)} of each ${formatQuantity(TIME, options.period)}`
})

export const switchBuffer = faultKind({
  on: "switch",
  meaning: "the packet memory of the switch has another size, as when other rooms fill it",
  sets: "buffer",
  cause: "network",
  hits: "frames forwarded",
  options: { ...required("size", buffer, "Packet memory meanwhile.") },
  swarm: { size: ["16 KiB", "64 KiB"] },
  begin: ({ fabric }, { size }) => {
    const before = fabric.bufferBytes
    const dropped = fabric.droppedFrames
    const forwarded = fabric.forwardedFrames
    fabric.setBufferBytes(size)
    return {
      end: () => fabric.setBufferBytes(before),
      effects: () => [
        ["frames dropped", fabric.droppedFrames - dropped],
        ["frames forwarded", fabric.forwardedFrames - forwarded]
      ]
    }
  },
  describe: ({ size }) => `packet memory ${formatQuantity(SIZE, size)}`
})
