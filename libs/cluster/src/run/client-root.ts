// The root image of one client: on the server over a connection of its own, or on a disk of the client.
import { type Machine, nbdSwitches, rootDevicePages } from "@swaplab/kernel"
import { NbdDevice } from "@swaplab/nbd-driver"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import type { ImageExport, ServerClient, ServerConnection } from "@swaplab/server-model"
import { assert } from "@swaplab/sim"
import { type RootConfig, rootSpec } from "../scenario/roots.ts"
import type { ClientPlace } from "./client-place.ts"

/** Writers of images count down from here. No client has such a number, and other hosts have the one above. */
const FIRST_WRITER = 0xfffffffe

/** Who wrote an image: a number for each name in the scenario. */
const writerOf = ({ scenario }: ClientPlace, image: string): number => {
  const names = [...new Set(scenario.clients.flatMap(({ root }) => root === undefined ? [] : [root.image]))]
  return FIRST_WRITER - names.indexOf(image)
}

/** Mounts the image of a client. Returns its connection to the server, or null where the image lies on a disk. */
export const mountRoot = (
  place: ClientPlace,
  machine: Machine,
  root: RootConfig,
  client: ServerClient
): ServerConnection<ImageExport> | null => {
  const spec = rootSpec(root, writerOf(place, root.image))
  if (root.from === "disk") {
    const { bytesPerSecond, latency } = root.disk
    machine.attachRoot(spec, { kind: "disk", disk: { bytesPerSecond, latencyNs: latency } })
    return null
  }
  const bytes = rootDevicePages(spec) * PAGE_SIZE
  const connection = place.server.connectImage(client, { name: root.image, bytes, writer: spec.tokenWriter })
  assert(connection.served.tokens.pages === bytes / PAGE_SIZE, "two sizes of one image")
  machine.attachRoot(spec, {
    kind: "nbd",
    connect: (queue) => {
      const options = { ...nbdSwitches(machine.spec.kernel), name: "nbd1", readOnly: true }
      const device = new NbdDevice(place.sim, queue, machine.pages.frames, options)
      device.connect(connection.clientSocket)
      return device
    }
  })
  return connection
}
