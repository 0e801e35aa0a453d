// The command as it is built, with a worker that makes its results up.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { main } from "../../dist/cli.js"
import { teardown } from "../../dist/exit.js"

NodeRuntime.runMain(main(process.argv, new URL("./worker.mjs", import.meta.url), "0.0.0"), {
  disableErrorReporting: true,
  teardown
})
