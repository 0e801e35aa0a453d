/** 75 is EX_TEMPFAIL of sysexits(3): what is wrong may be right a moment later. */
export const EXIT = { ok: 0, ourFault: 1, userError: 2, unavailable: 75 } as const

/** What --help says about exit codes. */
export const EXIT_CODES: ReadonlyArray<readonly [code: number, meaning: string]> = [
  [EXIT.ok, "it was told to stop, and stopped"],
  [EXIT.ourFault, "a fault of the server"],
  [EXIT.userError, "a mistake in the configuration, a flag or a path; nothing was opened"],
  [EXIT.unavailable, "a place to listen at is taken, or its address is not there yet"]
]
