// What a person does while at work, and what a room's timetable makes of an hour, a day and a week.
import type { ActionName } from "./actions.ts"
import type { ProgramName } from "./programs.ts"

/** An activity: a program in front, and what is done with it. */
export interface Activity {
  readonly meaning: string
  /** The program in front; null: none, the person does nothing. */
  readonly program: ProgramName | null
  /** How often each action is chosen. */
  readonly actions: Readonly<Partial<Record<ActionName, number>>>
  /** Mean time until the next activity, in minutes. Exponential, as sessions of a desktop service were. */
  readonly minutes: number
  /** The program is closed at the end. */
  readonly closes: boolean
}

const ACTIVITIES_TABLE = {
  idle: { meaning: "listens, writes on paper", program: null, actions: {}, minutes: 3, closes: false },
  browse: {
    meaning: "reads web pages",
    program: "browser",
    actions: { scroll: 50, pageLoad: 20, tabSwitch: 15, menu: 5, key: 10 },
    minutes: 8,
    closes: false
  },
  office: {
    meaning: "writes a document",
    program: "office",
    actions: { key: 80, pageDown: 12, menu: 8 },
    minutes: 10,
    closes: false
  },
  video: { meaning: "watches a video", program: "video", actions: { play: 1 }, minutes: 4, closes: true },
  terminal: { meaning: "types commands", program: "terminal", actions: { key: 1 }, minutes: 3, closes: false }
} as const satisfies Record<string, Activity>

export type ActivityName = keyof typeof ACTIVITIES_TABLE
export const ACTIVITIES: Readonly<Record<ActivityName, Activity>> = ACTIVITIES_TABLE
export const ACTIVITY_NAMES = Object.keys(ACTIVITIES_TABLE) as ReadonlyArray<ActivityName>

/** Where a session stands between two changes of the timetable. */
export type Place = "off" | "greeter" | "break" | "work"

/** A stretch of a timetable. */
export interface Stretch {
  readonly at: Place
  readonly minutes: number
}

/** A timetable. */
export interface Programme {
  readonly meaning: string
  readonly stretches: ReadonlyArray<Stretch>
}

const at = (place: Place, minutes: number): Stretch => ({ at: place, minutes })
const HOUR = 60

/** Eight lessons with a class each, and an hour for lunch: from 8 to 16:05. */
const DAY: ReadonlyArray<Stretch> = Array.from(
  { length: 8 },
  (_, lesson) => [at("work", 45), at("greeter", lesson === 4 ? HOUR : 10)]
).flat().slice(0, -1)
const DAY_MINUTES = DAY.reduce((sum, { minutes }) => sum + minutes, 0)
const NIGHT = at("off", 24 * HOUR - DAY_MINUTES)

const PROGRAMMES_TABLE = {
  "class-start": { meaning: "ten minutes from switching on", stretches: [at("work", 10)] },
  lesson: {
    meaning: "a lesson of 45 minutes and a break of five, logged in",
    stretches: [at("work", 45), at("break", 5)]
  },
  "school-day": {
    meaning: "eight lessons with a class each, breaks of ten minutes, an hour for lunch",
    stretches: DAY
  },
  "soak-week": {
    meaning: "five school days, off at night, and a weekend on which nobody has logged out",
    stretches: [
      ...Array.from({ length: 4 }, () => [...DAY, NIGHT]).flat(),
      ...DAY,
      at("break", 24 * HOUR - DAY_MINUTES + 48 * HOUR)
    ]
  }
} as const satisfies Record<string, Programme>

export type ProgrammeName = keyof typeof PROGRAMMES_TABLE
export const PROGRAMMES: Readonly<Record<ProgrammeName, Programme>> = PROGRAMMES_TABLE
export const PROGRAMME_NAMES = Object.keys(PROGRAMMES_TABLE) as ReadonlyArray<ProgrammeName>
