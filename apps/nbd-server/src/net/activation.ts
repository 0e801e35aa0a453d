// Sockets that systemd has opened: descriptors 3 and up, when LISTEN_PID is this process.
// source: sd_listen_fds(3)
import { UserError } from "../exit.ts"

const FIRST = 3

/** Descriptors of the listening sockets that were passed; the variables are for this process only and are removed. */
export const activationFds = (env: NodeJS.ProcessEnv, pid: number): ReadonlyArray<number> => {
  const { LISTEN_FDS: count, LISTEN_PID: forPid } = env
  delete env["LISTEN_FDS"]
  delete env["LISTEN_PID"]
  delete env["LISTEN_FDNAMES"]
  if (count === undefined || forPid !== String(pid)) return []
  const fds = /^\d{1,3}$/.test(count) ? Number(count) : Number.NaN
  if (!(fds > 0)) throw new UserError({ message: `LISTEN_FDS: got ${JSON.stringify(count)}, expected a number from 1` })
  return Array.from({ length: fds }, (_, i) => FIRST + i)
}
