// Faults of an NBD server that the emulated server and the real one both know, so that a script of faults means the same to both.

/**
 * By the names that scenarios have for them: the keys of a plan of the control socket of the real server that do the same.
 * `drop` is a command there, too: it costs every client of an export its connection at once.
 */
export const SERVER_FAULTS = {
  "slow-disk": ["delay", "diskBytesPerSecond"],
  "disk-full": ["diskFull"],
  errors: ["errors"],
  pause: ["stall"],
  restart: ["drop"]
} as const satisfies Readonly<Record<string, ReadonlyArray<string>>>

/** A key of a plan of the real server. */
export type ServerFaultKey = (typeof SERVER_FAULTS)[keyof typeof SERVER_FAULTS][number]
