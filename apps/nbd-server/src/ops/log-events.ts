// Every line of the log, by the name that it begins with. The reference and the man page list them from here, and the log
// takes no other name.

/** Levels of syslog(3), as a line begins with them for the journal. */
export const LEVELS = { error: 3, warning: 4, notice: 5, info: 6 } as const

/** A kind of line: its level, the names of its facts, those of them that only some lines have, and what happened. */
const line = <const Facts extends ReadonlyArray<string>, const Sometimes extends ReadonlyArray<string> = readonly []>(
  level: keyof typeof LEVELS,
  facts: Facts,
  meaning: string,
  sometimes: Sometimes | readonly [] = []
): Line<Facts, Sometimes> => ({ level, facts, meaning, sometimes: sometimes as Sometimes })

interface Line<Facts extends ReadonlyArray<string>, Sometimes extends ReadonlyArray<string>> {
  readonly level: keyof typeof LEVELS
  readonly facts: Facts
  readonly meaning: string
  readonly sometimes: Sometimes
}

/** The table. */
export const LOG_EVENTS = {
  ready: line("notice", [], "The server listens at all of its places."),
  listening: line("notice", ["at"], "It listens at a place; port 0 has become a number."),
  probes: line("notice", ["at"], "It serves /metrics, /healthz and /status there."),
  control: line("notice", ["at"], "It takes commands at this socket."),
  trim: line("info", ["place", "by"], "TRIM of this static export, or of stores in this directory, punches holes."),
  "no trim": line(
    "warning",
    ["place", "why"],
    "TRIM is not offered there; the room of a store comes back with its end."
  ),
  "trim failed": line(
    "error",
    ["export", "why"],
    "A hole was not punched: its room stays taken. Said once for a store."
  ),
  "no kernel table": line(
    "warning",
    ["why"],
    "There is no /proc/net/tcp: `deadAfter` holds for idle clients only."
  ),
  attached: line("info", ["address", "export", "tls"], "A client begins to use an export."),
  detached: line(
    "info",
    ["address", "export", "clean", "reason"],
    "A connection ended. `clean=true`: the client said DISC, and its store goes. `unanswered`: requests without a reply.",
    ["unanswered"]
  ),
  "requests refused": line(
    "error",
    ["export", "why", "address", "command", "bytes"],
    "A store refuses requests. Once for each reason, then once a minute with how many `more` there were.",
    ["more"]
  ),
  "requests served again": line(
    "notice",
    ["export", "why", "refused", "seconds"],
    "For ten seconds a store has refused nothing for this reason, and the same command succeeds. `refused`: how many it had."
  ),
  "not opened": line(
    "error",
    ["export", "address", "why"],
    "A client does not get an export: there is none, it belongs to another address, its file cannot be opened, or the quota "
      + "has no room."
  ),
  removed: line("info", ["export"], "A store is removed, and its room is free."),
  lost: line("warning", ["export"], "A store in memory had contents when the server ended."),
  "kept as it was": line(
    "warning",
    ["export", "why"],
    "The export should be opened anew with other settings, and cannot."
  ),
  "image replaced": line(
    "notice",
    ["export", "file", "was", "now", "connections"],
    "The file of an export is another one, or has another size. New connections get it, the others keep what they have. "
      + "`was`, `now`: bytes."
  ),
  "image resized": line(
    "warning",
    ["export", "file"],
    "The file of an export that is written has another size. It is opened anew when nobody uses it."
  ),
  "image gone": line(
    "error",
    ["export", "file", "why"],
    "The file of an export is not there any more. Connections keep it; new ones are refused."
  ),
  refused: line("warning", ["address", "why"], "A connection was closed at once: the allow-list, a limit, or a stop."),
  "handshake failed": line(
    "warning",
    ["address", "reason"],
    "A client broke the rules of the handshake, was too slow, or failed at TLS."
  ),
  "not accepted": line("error", ["why"], "The system could not accept a connection, such as without descriptors."),
  warning: line("warning", ["key", "why"], "Something at a key of the configuration may go wrong later."),
  reloaded: line("notice", [], "SIGHUP: the new configuration is in place."),
  "not reloaded": line("error", ["why"], "SIGHUP: the new configuration has a mistake, the old one goes on."),
  "not changed": line("warning", ["key", "why", "now"], "SIGHUP: a key that only a restart changes."),
  "recording ended": line("error", ["why"], "A recording could not go on; the server does."),
  "process ended": line("error", ["place", "how"], "One of several processes died; it is started again."),
  "process started": line("notice", ["place"], "A process that had died serves again."),
  "code not kept": line(
    "warning",
    ["file", "why"],
    "The compiled code could not be written into `$CACHE_DIRECTORY`: the next start compiles again."
  ),
  stopping: line("notice", ["why"], "SIGTERM or SIGINT: the server ends."),
  fault: line("error", ["address", "cause"], "A fault of the server ended a connection. Please report it.")
} as const

/** The name that a line begins with. */
export type LogEvent = keyof typeof LOG_EVENTS

/** A value of a fact. */
export type Fact = string | number | boolean

/** What a line says. */
export type FactsOf<Event extends LogEvent> =
  & { readonly [Name in (typeof LOG_EVENTS)[Event]["facts"][number]]: Fact }
  & { readonly [Name in (typeof LOG_EVENTS)[Event]["sometimes"][number]]?: Fact }

/** Name, facts, level and meaning of each, for the reference. */
export const LOG_ROWS: ReadonlyArray<readonly [name: string, facts: string, level: string, meaning: string]> = Object
  .entries(LOG_EVENTS).map(([name, { facts, level, meaning, sometimes }]) => [
    name,
    [...facts, ...sometimes].join(", "),
    level,
    meaning
  ])
