// An idle browser: what it touches by itself, on a client with enough memory. Four clients take turns, as in a room, so that
// what one of them touches is not in the caches of the host any more when it is touched again.
// node --max-semi-space-size=64 libs/workload/out-tsc/spec/bench/session.js
import { Desk } from "#src/session/desk.ts"
import { place } from "#src/session/placement.ts"
import { client, hostOf } from "../test/rig.ts"

const CLIENTS = 4
const HOURS = 2
const SIZE = {
  programs: ["xserver", "desktop", "browser"],
  era: "measured",
  tabs: 12,
  tabScale: 1,
  documentPages: 1
} as const

const placed = place(SIZE, "all")
const rooms = Array.from({ length: CLIENTS }, () => {
  const { machine, sim } = client({
    ramBytes: 2 ** 31,
    processes: 0,
    pagesPerProcess: 1,
    otherProcesses: placed.map(({ pages }) => pages)
  })
  const desk = new Desk(hostOf(machine, "session"), placed)
  sim.spawn(
    desk.person,
    desk.person.program(function*() {
      for (const name of SIZE.programs) yield* desk.start(name)
      for (let tab = 0; tab < SIZE.tabs; tab++) {
        yield* desk.open("browser")
        yield* desk.act("pageLoad", "browser", tab)
      }
    })
  )
  sim.run(600e9)
  return { machine, sim }
})

const touched = () => rooms.reduce((sum, { machine }) => sum + machine.touched, 0)
const before = touched()
const start = process.cpuUsage()
for (let second = 601; second <= 600 + HOURS * 3600; second++) for (const { sim } of rooms) sim.run(second * 1e9)
const { system, user } = process.cpuUsage(start)
const touches = touched() - before
console.log(JSON.stringify({
  bench: "workload: touches of an idle browser",
  opsPerCpuSecond: Math.round(touches / ((user + system) / 1e6)),
  msPerClientHour: Math.round((user + system) / 1000 / CLIENTS / HOURS),
  touchesPerClientHour: Math.round(touches / CLIENTS / HOURS)
}))
