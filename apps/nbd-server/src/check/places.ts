// Whether the server could listen where it should: each place is listened at for a moment, and left again.
import type { Finding, Path } from "@swaplab/config"
import { Effect } from "effect"
import { createServer } from "node:net"
import { type Endpoint, endpointOf } from "../config/addresses.ts"
import type { Config } from "../config/schema.ts"
import { type Holder, holdersOf } from "../net/holder.ts"
import { placeWords } from "../net/place-error.ts"

const placesOf = ({ listen, metrics }: Config): ReadonlyArray<readonly [Path, string]> => [
  ...listen.map((place, i): readonly [Path, string] => [["listen", i], place]),
  ...(metrics === null ? [] : [[["metrics"], metrics] as const])
]

/** The server that runs already and will be replaced, or systemd, which keeps its sockets. */
const isOurs = ({ command, pid }: Holder): boolean =>
  pid === 1 || command.some((word) => word.includes("swaplab-nbd-server"))

type Tcp = Extract<Endpoint, { readonly kind: "tcp" }>

/** The error of listening at a place, or null. */
const listenOnce = ({ host, port }: Tcp): Effect.Effect<NodeJS.ErrnoException | null> =>
  Effect.async((resume) => {
    const server = createServer()
    server.once("error", (error) => resume(Effect.succeed(error)))
    server.listen({ host, port }, () => server.close(() => resume(Effect.succeed(null))))
  })

const problemAt = (endpoint: Tcp): Effect.Effect<string | null> =>
  Effect.map(listenOnce(endpoint), (error) => {
    if (error === null) return null
    const holders = error.code === "EADDRINUSE" ? holdersOf(endpoint.port) : []
    return holders.length > 0 && holders.every(isOurs) ? null : placeWords(error, endpoint)
  })

/** Places at which the server could not listen. Unix sockets are among the rules of files. */
export const placeFindings = (config: Config): Effect.Effect<ReadonlyArray<Finding>> =>
  Effect.forEach(placesOf(config), ([path, place]) => {
    const endpoint = endpointOf(place)
    if (endpoint?.kind !== "tcp") return Effect.succeed([])
    return Effect.map(
      problemAt(endpoint),
      (text) => text === null ? [] : [{ path, text: `got ${JSON.stringify(place)}, ${text}` }]
    )
  }).pipe(Effect.map((found) => found.flat()))
