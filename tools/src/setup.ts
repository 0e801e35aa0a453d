// `npm test -- --fresh` and `--seed N`: one seed for all property tests instead of the one that each of them names.
import { env } from "node:process"
import { vi } from "vitest"

const seed = env["SWAPLAB_TEST_SEED"]
if (seed !== undefined) {
  vi.doMock("fast-check", async (original) => {
    const { default: fc } = await original<typeof import("fast-check")>()
    const seeded = (parameters: object = {}) => ({ ...parameters, seed: Number(seed) })
    return {
      default: {
        ...fc,
        assert: (property: Parameters<typeof fc.assert>[0], parameters?: object) =>
          fc.assert(property, seeded(parameters)),
        check: (property: Parameters<typeof fc.check>[0], parameters?: object) => fc.check(property, seeded(parameters))
      }
    }
  })
}
