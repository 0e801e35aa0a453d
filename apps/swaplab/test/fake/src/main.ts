// The command with a worker that makes its results up.
import { main } from "../../../src/cli.ts"

await main(process.argv.slice(2), new URL("./worker.js", import.meta.url), "0.0.0")
