// What the command "status" asks a running server, and prints.
import { Console, Effect } from "effect"
import { endpointOf } from "../config/addresses.ts"
import { UserError } from "../exit.ts"
import { type Status, statusText } from "./status.ts"

const DEFAULT_PLACE = "127.0.0.1:10810"

const probe = (place: string): Effect.Effect<Status, UserError> =>
  Effect.tryPromise({
    try: async () => {
      const response = await fetch(`http://${place}/status`)
      return await response.json() as Status
    },
    catch: () => new UserError({ message: `${place}: no server answers there; was it started with --metrics?` })
  })

/** Prints the state of a server, with rates over a second, or as JSON. */
export const askStatus = (place: string = DEFAULT_PLACE, json: boolean): Effect.Effect<void, UserError> =>
  Effect.gen(function*() {
    if (endpointOf(place)?.kind !== "tcp") {
      return yield* new UserError({ message: `--metrics: got ${place}, expected an address such as ${DEFAULT_PLACE}` })
    }
    const before = yield* probe(place)
    if (json) return yield* Console.log(JSON.stringify(before))
    yield* Effect.sleep(1000)
    yield* Console.log(statusText(before, yield* probe(place), 1))
  })
