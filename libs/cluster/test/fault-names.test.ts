import { FAULT_NAMES, faultNamed } from "#src/faults/faults.ts"
import { SERVER_FAULTS } from "@swaplab/nbd"
import { expect, it } from "vitest"

/** Faults of an emulated server that no process can do to itself: of its machine, and that it is gone for good. */
const OF_THE_MACHINE = ["stop", "server-power-off", "server-steal-cpu"]

it("every fault of a server is one that the real server knows by the same name, or one of its machine", () => {
  const ofServers = FAULT_NAMES.filter((name) => faultNamed(name).on === "server")
  expect([...Object.keys(SERVER_FAULTS), ...OF_THE_MACHINE].toSorted()).toEqual(ofServers.toSorted())
})
