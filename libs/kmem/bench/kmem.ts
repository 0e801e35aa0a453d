// Rate of size computations: kmalloc class and skb truesize of every packet length, as the socket layer asks for them.
// node --max-semi-space-size=64 out-tsc/spec/bench/kmem.js
import { kmallocSize, skbTruesize } from "@swaplab/kmem"

const CALLS = 4_000_000

const run = (): number => {
  let sum = 0
  const start = process.cpuUsage().user
  for (let i = 0; i < CALLS; i++) sum += kmallocSize(i & 8191) + skbTruesize(i & 4095)
  const micros = process.cpuUsage().user - start
  if (sum === 0) throw new Error("nothing was computed")
  return micros
}

run()
const micros = Math.min(run(), run(), run())
console.log(JSON.stringify({ bench: "kmem", opsPerCpuSecond: Math.round(2 * CALLS / micros * 1e6) }))
