// The day of a person: goes where the timetable says (off, greeter, break, work), and at work does one activity after the
// other.
//
//   off     --switch on-->  booting --> greeter
//   greeter --log in-->     desktop (break or work)
//   desktop --log out-->    greeter          greeter --switch off--> off
//
// At the greeter the X server runs and nobody touches anything: the machine costs no event.
//
// Not modelled: a machine that is off loses nothing. Its page cache stays, so the boot of the next day reads less.
import type { Sleeps } from "@swaplab/sim"
import { type ActionName, ACTIONS } from "./actions.ts"
import {
  ACTIVITIES,
  type Activity,
  type ActivityName,
  type Place,
  type ProgrammeName,
  PROGRAMMES
} from "./activities.ts"
import { boot } from "./boot.ts"
import type { Desk } from "./desk.ts"
import { BOOT_PAGES } from "./eras.ts"
import type { ProgramName } from "./programs.ts"

const S = 1e9
const MINUTE = 60 * S
/** Name and password: assumed. */
const LOGIN_NS = 10 * S
/** After this time a person starts a program again that has died: assumed. */
const AGAIN_NS = 5 * S
/** CPU time of a boot, kernel and services: assumed, of a machine of 2012. */
const BOOT_CPU_NS = 10 * S
/** TPC-W cuts its think times there. */
const THINK_LIMIT = 10

/** How a person is. */
export interface Habits {
  readonly programme: ProgrammeName
  readonly thinkNs: number
  readonly mix: Readonly<Record<ActivityName, number>>
}

/** Picks a name by its weight. */
const pick = <K extends string>(unit: number, weights: Readonly<Partial<Record<K, number>>>): K => {
  const rows = Object.entries<number | undefined>(weights)
  let left = unit * rows.reduce((sum, [, weight = 0]) => sum + weight, 0)
  const [name] = rows.find(([, weight = 0]) => (left -= weight) < 0) ?? rows[rows.length - 1]
  return name as K
}

/** A person at a desk. */
export class Person {
  readonly #desk: Desk
  readonly #habits: Habits
  #place: Place = "off"
  /** The program in front. */
  #front: ProgramName | null = null
  /** Tabs, the one looked at last first. */
  #recent: Array<number> = []
  #tab = 0
  /** Programs that have run since the person has logged in. */
  readonly #launched = new Set<ProgramName>()

  constructor(desk: Desk, habits: Habits) {
    this.#desk = desk
    this.#habits = habits
  }

  /** The whole timetable. */
  *live(): Sleeps<void> {
    const { host } = this.#desk
    // after a power cut the person goes on where the timetable is
    let passed = host.since
    for (const { at, minutes } of PROGRAMMES[this.#habits.programme].stretches) {
      const length = minutes * MINUTE
      if (passed >= length) {
        passed -= length
        continue
      }
      const until = host.client.sim.now + length - passed
      passed = 0
      yield* this.#goTo(at)
      if (at === "work") yield* this.#work(until)
      const left = until - host.client.sim.now
      if (left > 0) yield* this.#desk.think(left)
    }
    yield* this.#goTo("off")
    host.done()
  }

  /** From one place to the next, over those between them. */
  *#goTo(place: Place): Sleeps<void> {
    if (this.#place === "off" && place !== "off") yield* this.#boot()
    const loggedIn = this.#place === "break" || this.#place === "work"
    const wanted = place === "break" || place === "work"
    if (wanted && !loggedIn) yield* this.#logIn()
    if (loggedIn && !wanted) yield* this.#logOut()
    if (place === "off" && this.#place !== "off") yield* this.#desk.close("xserver")
    this.#place = place
  }

  *#boot(): Sleeps<void> {
    const { host } = this.#desk
    const from = host.client.sim.now
    yield* boot(this.#desk.seat, this.#desk.person, BOOT_PAGES, BOOT_CPU_NS)
    yield* this.#desk.start("xserver")
    host.latency("bootTime").record(host.client.sim.now - from)
  }

  *#logIn(): Sleeps<void> {
    const { chance, host } = this.#desk
    yield* this.#desk.think(chance.exponential(LOGIN_NS))
    const from = host.client.sim.now
    if (yield* this.#desk.start("desktop")) host.latency("timeToDesktop").record(host.client.sim.now - from)
  }

  *#logOut(): Sleeps<void> {
    for (const name of this.#desk.programs) if (name !== "xserver") yield* this.#desk.close(name)
    // no program is left that the X server draws for
    this.#desk.running("xserver")?.rest()
    this.#front = null
    this.#launched.clear()
  }

  /** One activity after the other. */
  *#work(until: number): Sleeps<void> {
    const { chance, host: { client: { sim } } } = this.#desk
    while (sim.now < until) {
      const activity = ACTIVITIES[pick(chance.unit(), this.#habits.mix)]
      const end = Math.min(until, sim.now + chance.exponential(activity.minutes * MINUTE))
      if (activity.program === null) {
        yield* this.#desk.think(end - sim.now)
        continue
      }
      while (sim.now < end) yield* this.#once(activity, activity.program, end)
      if (!activity.closes) continue
      yield* this.#desk.close(activity.program)
      this.#launched.delete(activity.program)
    }
  }

  /** One action, or several of a kind in a row, and the time until the next. */
  *#once(activity: Activity, program: ProgramName, end: number): Sleeps<void> {
    if (!(yield* this.#bringToFront(program))) return yield* this.#desk.think(AGAIN_NS)
    const { chance, host: { client: { sim } } } = this.#desk
    const action = pick(chance.unit(), activity.actions)
    const { row } = ACTIONS[action]
    let left = row === undefined ? 1 : Math.ceil(chance.exponential(row.times))
    while ((yield* this.#act(action, program)) && row !== undefined && --left > 0 && sim.now < end) {
      yield* this.#desk.think(chance.exponential(row.paceNs))
    }
    const { thinkNs } = this.#habits
    yield* this.#desk.think(Math.min(end - sim.now, thinkNs * THINK_LIMIT, chance.exponential(thinkNs)))
  }

  *#act(action: ActionName, program: ProgramName): Sleeps<boolean> {
    if (action === "tabSwitch") this.#switchTab()
    if (action === "pageLoad") yield* this.#openTab()
    return yield* this.#desk.act(action, program, program === "browser" ? this.#tab : 0)
  }

  /** A page is opened in a new tab until there are as many as the person wants. */
  *#openTab(): Sleeps<void> {
    const memory = this.#desk.running("browser")?.memory
    if (memory === undefined || memory === null || memory.opened === memory.documents.length) return
    this.#look(memory.opened)
    yield* this.#desk.open("browser")
  }

  /** To another tab: those looked at lately are the likelier ones (Zipf with exponent 1). */
  #switchTab(): void {
    const others = this.#recent.slice(1)
    if (others.length === 0) return
    const weights = Object.fromEntries(others.map((tab, i) => [String(tab), 1 / (i + 1)]))
    this.#look(Number(pick(this.#desk.chance.unit(), weights)))
  }

  #look(tab: number): void {
    this.#tab = tab
    this.#recent = [tab, ...this.#recent.filter((other) => other !== tab)]
  }

  /** Sees to it that the program is there and in front. False: something has died on the way. */
  *#bringToFront(program: ProgramName): Sleeps<boolean> {
    for (const name of ["xserver", "desktop"] as const) {
      if (this.#desk.isUp(name)) continue
      // without its X server no program lives on
      if (name === "xserver") yield* this.#logOut()
      this.#again()
      if (!(yield* this.#desk.start(name))) return false
    }
    if (!this.#desk.isUp(program)) return yield* this.#launch(program)
    if (this.#front === program) return true
    this.#front = program
    return yield* this.#desk.act("windowSwitch", program)
  }

  /** A program that has died is started again. */
  #again(): void {
    this.#desk.host.counter("restarted").value++
  }

  *#launch(program: ProgramName): Sleeps<boolean> {
    const { host } = this.#desk
    const from = host.client.sim.now
    if (this.#launched.has(program)) this.#again()
    this.#launched.add(program)
    this.#front = program
    if (!(yield* this.#desk.launch(program))) return false
    if (program !== "browser") return yield* this.#desk.open(program)
    this.#recent = []
    const first = yield* this.#act("pageLoad", program)
    if (first) host.latency("timeToFirstPage").record(host.client.sim.now - from)
    return first
  }
}
