// Why the server cannot listen at a place, in words, and how it ends then.
import { type Endpoint, endpointText } from "../config/addresses.ts"
import { EXIT } from "../exit-codes.ts"
import { UserError } from "../exit.ts"
import { holdersOf, holderText } from "./holder.ts"

/** An error of listening in a few words. */
export const placeWords = ({ code, message }: NodeJS.ErrnoException, endpoint: Endpoint): string => {
  switch (code) {
    case "EADDRINUSE":
      return endpoint.kind === "tcp"
        ? `the port is taken by ${holderText(holdersOf(endpoint.port))}`
        : "another process listens there"
    case "EADDRNOTAVAIL":
      return "this machine does not have the address"
    case "EACCES":
      return endpoint.kind === "tcp"
        ? "permission denied: ports below 1024 are for root, or for CAP_NET_BIND_SERVICE"
        : "permission denied"
    default:
      return message
  }
}

/** Errors that may pass: the other process ends, the network comes up. */
const PASSING = new Set(["EADDRINUSE", "EADDRNOTAVAIL"])

/** The error with which a server ends that cannot listen. */
export const placeError = (error: NodeJS.ErrnoException, endpoint: Endpoint): UserError => {
  const message = `${endpointText(endpoint)}: ${placeWords(error, endpoint)}`
  return PASSING.has(error.code ?? "") ? new UserError({ message, code: EXIT.unavailable }) : new UserError({ message })
}
