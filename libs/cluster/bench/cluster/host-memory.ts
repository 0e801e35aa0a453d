// What one access to memory costs the host, by how much memory is in use: the yardstick for the cost of many clients.
import { cpuSeconds, print, rounded } from "./common.ts"

const KIB = 1024
/** One entry of the walk to a cache line. */
const STRIDE = 16
const STEPS = 5_000_000

/** A walk over all lines of `bytes` in random order, each step's address read by the one before. */
const walk = (bytes: number): number => {
  const lines = bytes / (STRIDE * 4)
  const order = Int32Array.from({ length: lines }, (_, line) => line)
  let state = 1
  for (let i = lines - 1; i > 0; i--) {
    state = Math.imul(state, 1664525) + 1013904223 >>> 0
    const j = Math.floor(state / 2 ** 32 * (i + 1))
    const line = order[i]
    order[i] = order[j]
    order[j] = line
  }
  const next = new Int32Array(lines * STRIDE)
  for (let i = 0; i < lines; i++) next[order[i] * STRIDE] = order[(i + 1) % lines] * STRIDE
  let at = 0
  for (let i = 0; i < lines; i++) at = next[at]
  const cpu = cpuSeconds()
  for (let i = 0; i < STEPS; i++) at = next[at]
  const nanoseconds = (cpuSeconds() - cpu) / STEPS * 1e9
  if (at < 0) throw new Error("the walk left its memory")
  return nanoseconds
}

export const hostMemory = (): void => {
  walk(64 * KIB)
  for (const kib of [256, 1024, 2048, 4096, 8192, 32_768, 131_072]) {
    print({ bench: "a random access to memory", kib, nanoseconds: rounded(walk(kib * KIB), 1) })
  }
}
