// The root image of one client: on the server over a connection of its own, or on a disk of the client.
import { rootDevicePages, type RootSpec } from "@swaplab/kernel"
import { FIRST_IMAGE_WRITER, PAGE_SIZE } from "@swaplab/page-alloc"
import type { ImageExport, ServerClient, ServerConnection } from "@swaplab/server-model"
import { assert } from "@swaplab/sim"
import type { ClientGroup } from "../scenario/machines.ts"
import { type RootConfig, rootSpec } from "../scenario/roots.ts"
import type { ClientPlace } from "./client-place.ts"
import type { Connection } from "./connection.ts"
import { nbdClientOf, nbdDevice } from "./nbd-device.ts"
import type { Server } from "./server.ts"

/** Who wrote an image: a number for each name in the scenario. */
const writerOf = ({ scenario }: ClientPlace, image: string): number => {
  const names = [...new Set(scenario.clients.flatMap(({ root }) => root === undefined ? [] : [root.image]))]
  return FIRST_IMAGE_WRITER - names.indexOf(image)
}

const specOf = (place: ClientPlace, root: RootConfig): RootSpec => rootSpec(root, writerOf(place, root.image))

/** Connects a client to the server with its image. */
export const connectRoot = (
  place: ClientPlace,
  root: RootConfig,
  server: Server,
  client: ServerClient
): ServerConnection<ImageExport> => {
  const spec = specOf(place, root)
  const bytes = rootDevicePages(spec) * PAGE_SIZE
  const connection = server.machine.connectImage(client, { name: root.image, bytes, writer: spec.tokenWriter })
  assert(connection.served.tokens.pages === bytes / PAGE_SIZE, "two sizes of one image")
  return connection
}

/** Mounts the image of a client: over its connection to `server`, or from a disk of its own. */
export const mountRoot = (
  place: ClientPlace,
  of: Connection,
  { nbd }: Pick<ClientGroup, "nbd">,
  root: RootConfig,
  server: Server | null
): void => {
  const { machine, root: connection } = of
  if (server === null || connection === null) {
    const { bytesPerSecond, latency } = root.disk
    machine.attachRoot(specOf(place, root), { kind: "disk", disk: { bytesPerSecond, latencyNs: latency } })
    return
  }
  machine.attachRoot(specOf(place, root), {
    kind: "nbd",
    connect: (queue) => nbdDevice(machine, queue, connection, nbd, { name: "nbd1", readOnly: true }),
    client: nbdClientOf(server.machine, of, connection, nbd)
  })
}
