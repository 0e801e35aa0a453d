// session: a person at a diskless client, as a workload. The person logs in, browses, writes, watches, thinks, has a break;
// what is measured is how long each action takes until its picture is there.
// Modelled: see programs.ts (what programs touch), running-program.ts (what they do by themselves), person.ts (what a person
//   does when).
// Not modelled: sound, printing, files of the person's own, network traffic other than swap and root image.
import {
  assumed,
  choice,
  field,
  formatQuantity,
  meanings,
  mismatch,
  number,
  section,
  SIZE,
  Size,
  Time,
  whole
} from "@swaplab/config"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import { Schema } from "effect"
import type { Half } from "../plug-in/display.ts"
import type { ProcessPlan } from "../plug-in/plan.ts"
import { counts } from "../plug-in/shrink.ts"
import { workload } from "../plug-in/workload.ts"
import { ACTIVITIES, ACTIVITY_NAMES, type ActivityName, PROGRAMME_NAMES, PROGRAMMES } from "./activities.ts"
import { Desk } from "./desk.ts"
import { ERA_NAMES, ERAS } from "./eras.ts"
import { type Figure, FIGURES } from "./figures.ts"
import { Person } from "./person.ts"
import { imagePages, place, type Placed } from "./placement.ts"

const S = 1e9
const MIB = 1024 * 1024

/** What a person does of the time at work. */
const USUAL: Readonly<Record<ActivityName, number>> = { idle: 10, browse: 50, office: 30, video: 0, terminal: 10 }

const mix = Schema.Struct(
  Object.fromEntries(
    ACTIVITY_NAMES.map((name) => [
      name,
      field(number(0, 1000), USUAL[name], `Weight of this: ${ACTIVITIES[name].meaning}. Assumed.`)
    ])
  ) as Record<ActivityName, ReturnType<typeof field<number, number>>>
)

const options = {
  era: field(
    choice(...ERA_NAMES),
    "2012",
    `How large programs are. ${
      meanings(ERAS)
    }. Every era has the forms that were measured on Debian 12 with Chromium 156.`
  ),
  programme: field(
    choice(...PROGRAMME_NAMES),
    "lesson",
    `The timetable. ${meanings(PROGRAMMES)}. Assumed. duration has to leave room for it.`
  ),
  mix: section(mix, "How often a person turns to each activity. Programs of activities with 0 are not there."),
  think: field(
    Time,
    7 * S,
    "Time between two actions, on average; exponential, cut at ten times that. 7 s is the convention of TPC-W. Keys follow "
      + "each other faster.",
    assumed(3 * S, 15 * S)
  ),
  tabs: field(whole(1, 100), 12, "Tabs that are opened one after the other. 12 were measured."),
  tabScale: field(
    number(0.1, 20),
    1,
    "How much heavier pages are than those of the era. Assumed: pages of the measurement were light, real sites are heavier.",
    assumed(0.5, 4)
  ),
  documentPages: field(whole(1, 1000), 16, "Pages of the document in the word processor. 16 were measured."),
  screen: field(
    Size,
    1.5 * MIB,
    "Bytes of a screen full of pixels, for thin clients, to which pictures are sent. 1024x768 with 16 bits: assumed, for 2012."
  )
}

type Options = Schema.Struct.Type<typeof options>

const placed = (given: Options, half: Half): ReadonlyArray<Placed> =>
  place({
    ...given,
    programs: [
      "xserver",
      "desktop",
      ...ACTIVITY_NAMES.flatMap((name) => {
        const { program } = ACTIVITIES[name]
        return program === null || given.mix[name] === 0 ? [] : [program]
      })
    ]
  }, half)

const planOf = (programs: ReadonlyArray<Placed>): ProcessPlan => {
  const here = programs.filter(({ process }) => process >= 0)
  return {
    processes: here.map(({ pages }) => pages),
    anonymousBytes: here.reduce((sum, { pages }) => sum + pages * PAGE_SIZE, 0),
    filePages: 0,
    rootPages: imagePages(programs)
  }
}

export const session = workload<typeof options, Figure>({
  slot: "workload",
  description:
    "A person at a desktop: logs in, browses, writes, thinks. What is measured is what the person waits for.",
  options,
  swarm: {
    programme: ["class-start"],
    think: ["1 s", null],
    tabs: [1, 3],
    tabScale: [0.1, 0.5],
    documentPages: [1]
  },
  costly: true,
  processes: (given, { half }) => planOf(placed(given, half)),
  divides: true,
  start: (host, given) => {
    const [here, there] = host.display === null
      ? [placed(given, "all"), []]
      : [placed(given, "programs"), placed(given, "screen")]
    const desk = new Desk(host, here, there, given.screen)
    const person = new Person(desk, { programme: given.programme, thinkNs: given.think, mix: given.mix })
    host.person(desk.person)
    host.client.sim.spawn(desk.person, desk.person.program(() => person.live()))
  },
  operations: { unit: "actions", latency: true },
  metrics: FIGURES,
  rules: [{
    name: "a person does something",
    path: ["mix"],
    holds: ({ mix: weights }) => Object.values(weights).some((weight) => weight > 0),
    words: () => mismatch("all weights 0", `a weight above 0 for one of ${ACTIVITY_NAMES.join(", ")}`)
  }],
  idle: [{
    path: ["screen"],
    idle: (_, { half }) => half === "all",
    reason: "the programs run on the client, so no pictures are sent"
  }, {
    path: ["tabs"],
    idle: ({ mix: weights }) => weights.browse === 0,
    reason: "nobody browses"
  }, {
    path: ["tabScale"],
    idle: ({ mix: weights }) => weights.browse === 0,
    reason: "nobody browses"
  }, {
    path: ["documentPages"],
    idle: ({ mix: weights }) => weights.office === 0,
    reason: "nobody writes"
  }],
  shrink: [counts("tabs"), counts("documentPages")],
  describe: (given) => [
    `${given.programme} with programs of ${given.era}`,
    given.tabs === 1 ? "1 tab" : `${given.tabs} tabs`,
    `${formatQuantity(SIZE, Math.round(planOf(placed(given, "all")).anonymousBytes / MIB) * MIB)} at most`
  ]
})
