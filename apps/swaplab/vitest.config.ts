import { mergeConfig } from "vitest/config"
import { project } from "../../vitest.shared.ts"

export default mergeConfig(project("swaplab"), { test: { globalSetup: "test/fake/setup.ts" } })
