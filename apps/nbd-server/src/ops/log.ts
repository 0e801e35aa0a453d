// One line an event on standard error: text for people, JSON for machines.

/** What happened, with its facts. */
export interface Log {
  (event: string, facts?: Readonly<Record<string, string | number | boolean>>): void
}

const quoted = (value: string | number | boolean): string =>
  typeof value === "string" && !/^[\w.:/@%+-]+$/.test(value) ? JSON.stringify(value) : String(value)

/** A log that writes lines; `now` is the time as a text, or null where the journal adds it. */
export const makeLog =
  (format: "text" | "json", write: (line: string) => void, now: () => string | null): Log => (event, facts = {}) => {
    const time = now()
    if (format === "json") return write(JSON.stringify({ ...(time === null ? {} : { time }), event, ...facts }))
    const words = Object.entries(facts).map(([key, value]) => ` ${key}=${quoted(value)}`)
    write(`${time === null ? "" : `${time} `}${event}${words.join("")}`)
  }
