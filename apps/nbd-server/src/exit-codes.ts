export const EXIT = { ok: 0, ourFault: 1, userError: 2 } as const

/** What --help says about exit codes. */
export const EXIT_CODES: ReadonlyArray<readonly [code: number, meaning: string]> = [
  [EXIT.ok, "it was told to stop, and stopped"],
  [EXIT.ourFault, "a fault of the server"],
  [EXIT.userError, "a mistake in the configuration, a flag, a path or an address; nothing was opened"]
]
