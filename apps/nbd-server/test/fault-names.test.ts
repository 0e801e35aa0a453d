import { SERVER_FAULTS } from "@swaplab/nbd"
import { expect, it } from "vitest"
import { NO_FAULTS } from "../src/stores/faults.ts"

it("every key of a plan of faults is in the table that the emulator shares, once", () => {
  expect(Object.values(SERVER_FAULTS).flat().toSorted()).toEqual(Object.keys(NO_FAULTS).toSorted())
})
