// One line an event on standard error: text for people, JSON for machines. In the journal of systemd a line has its level and
// no time, because the journal has one.
import { fstatSync } from "node:fs"
import { type Fact, type FactsOf, LEVELS, LOG_EVENTS, type LogEvent } from "./log-events.ts"

/** What happened, with its facts. */
export interface Log {
  <Event extends LogEvent>(event: Event, facts: FactsOf<Event>): void
}

const quoted = (value: Fact): string =>
  typeof value === "string" && !/^[\w.:/@%+-]+$/.test(value) ? JSON.stringify(value) : String(value)

/** A line with its level in front, where the journal takes it. source: sd-daemon(3) */
export const leveled = (level: keyof typeof LEVELS, line: string, journal: boolean): string =>
  journal ? `<${LEVELS[level]}>${line}` : line

/** A log that writes lines; `now` is the time as a text, or null in the journal. */
export const makeLog =
  (format: "text" | "json", write: (line: string) => void, now: () => string | null): Log => (event, facts) => {
    const time = now()
    const put = (line: string): void => write(leveled(LOG_EVENTS[event].level, line, time === null))
    if (format === "json") return put(JSON.stringify({ ...(time === null ? {} : { time }), event, ...facts }))
    const words = Object.entries<Fact>(facts).map(([key, value]) => ` ${key}=${quoted(value)}`)
    put(`${time === null ? "" : `${time} `}${event}${words.join("")}`)
  }

/** Whether standard error is the journal. A child of a service has the variable too, and may write elsewhere. */
export const isJournal = (env: NodeJS.ProcessEnv, fd = 2): boolean => {
  const { JOURNAL_STREAM: stream } = env
  if (stream === undefined) return false
  const { dev, ino } = fstatSync(fd, { bigint: true })
  return stream === `${dev}:${ino}`
}

/** The log of a process on its standard error. */
export const makeServerLog = (
  format: "text" | "json",
  { env, writeLog }: { readonly env: NodeJS.ProcessEnv; readonly writeLog: (line: string) => void }
): Log => {
  const journal = isJournal(env)
  return makeLog(format, writeLog, () => journal ? null : new Date().toISOString())
}
