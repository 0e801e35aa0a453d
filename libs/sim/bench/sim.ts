// Event engine against a bare typed-array heap, and a fiber's sleep and wake against the same heap, in one run.
// node --max-semi-space-size=64 out-tsc/spec/bench/sim.js
import { EventQueue, Process, Sim, type Sleeps, WaitQueue } from "@swaplab/sim"
import { Effect } from "effect"

const EVENTS = 3_000_000
const CLIENTS = 100

/** The closed loop of the peers: think, then hop through stations; here every event schedules one successor. */
const delays = new Float64Array(4096)
let state = 12345
for (let i = 0; i < delays.length; i++) {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0
  delays[i] = 224 + (state % 1_000_000)
}

/** The roofline: a binary heap in three typed arrays and a loop around it, nothing else. */
const bareHeap = (): number => {
  const time = new Float64Array(1024)
  const order = new Float64Array(1024)
  const key = new Int32Array(1024)
  let size = 0
  let sequence = 0
  const at = (t: number, k: number): void => {
    let i = size++
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (time[parent] <= t) break
      time[i] = time[parent]
      order[i] = order[parent]
      key[i] = key[parent]
      i = parent
    }
    time[i] = t
    order[i] = sequence++
    key[i] = k
  }
  const removeTop = (): void => {
    const last = --size
    if (last === 0) return
    const t = time[last]
    const s = order[last]
    const k = key[last]
    const half = last >> 1
    let i = 0
    while (i < half) {
      let child = 2 * i + 1
      const right = child + 1
      if (right < last && (time[right] < time[child] || (time[right] === time[child] && order[right] < order[child]))) {
        child = right
      }
      if (t < time[child] || (t === time[child] && s < order[child])) break
      time[i] = time[child]
      order[i] = order[child]
      key[i] = key[child]
      i = child
    }
    time[i] = t
    order[i] = s
    key[i] = k
  }
  for (let c = 0; c < CLIENTS; c++) at(delays[c], c)
  const start = process.cpuUsage().user
  let fired = 0
  while (fired < EVENTS) {
    const now = time[0]
    const k = key[0]
    removeTop()
    fired++
    at(now + delays[(fired * 7 + k) & 4095], k)
  }
  return (process.cpuUsage().user - start) / EVENTS * 1000
}

const engine = (): number => {
  const queue = new EventQueue()
  const kind = queue.register((client) => queue.after(delays[(queue.fired * 7 + client) & 4095], kind, client))
  for (let c = 0; c < CLIENTS; c++) queue.after(delays[c], kind, c)
  const start = process.cpuUsage().user
  for (let i = 0; i < EVENTS; i++) queue.step()
  return (process.cpuUsage().user - start) / EVENTS * 1000
}

/** Sleeps and wake-ups of tasks whose bodies are stepped by Process.program, or by the Effect runtime itself. */
const sleeps = (driven: boolean): number => {
  const sim = new Sim({ seed: 1 })
  const rounds = 3000
  const queue = new WaitQueue(sim, "bench")
  const kind = sim.queue.register((id) => queue.wake(sim.processes[id]))
  for (let c = 0; c < CLIENTS; c++) {
    const task = new Process(sim, `task-${c}`)
    const body = function*(): Sleeps<void> {
      for (let i = 0; i < rounds; i++) {
        sim.queue.after(delays[(i * 7 + c) & 4095], kind, task.id)
        yield* queue.sleep(task)
      }
    }
    sim.spawn(task, driven ? task.program(body) : Effect.gen(body))
  }
  const start = process.cpuUsage().user
  sim.run()
  return (process.cpuUsage().user - start) / (rounds * CLIENTS) * 1000
}

const median = (values: Array<number>): number => values.sort((a, b) => a - b)[values.length >> 1]
const rows = {
  bare: [] as Array<number>,
  engine: [] as Array<number>,
  program: [] as Array<number>,
  gen: [] as Array<number>
}
for (let run = 0; run < 8; run++) {
  const sample = { bare: bareHeap(), engine: engine(), program: sleeps(true), gen: sleeps(false) }
  // the first runs warm the compiler up
  if (run < 3) continue
  rows.bare.push(sample.bare)
  rows.engine.push(sample.engine)
  rows.program.push(sample.program)
  rows.gen.push(sample.gen)
}
const bare = median(rows.bare)
const event = median(rows.engine)
const sleep = median(rows.program)
const throughEffect = median(rows.gen)
console.log(JSON.stringify({
  bench: "sim",
  bareHeapNs: Math.round(bare),
  eventNs: Math.round(event),
  eventsRatioToBareHeap: +(bare / event).toFixed(2),
  sleepWakeNs: Math.round(sleep),
  sleepWakeRatioToBareHeap: +(bare / sleep).toFixed(3),
  sleepWakeThroughEffectNs: Math.round(throughEffect),
  sleepWakeThroughEffectRatioToBareHeap: +(bare / throughEffect).toFixed(3),
  opsPerCpuSecond: Math.round(1e9 / event)
}))
