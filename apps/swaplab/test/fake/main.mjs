// The command as it is built, with a worker that makes its results up.
import { main } from "../../dist/cli.js"

await main(process.argv.slice(2), new URL("./worker.mjs", import.meta.url), "0.0.0")
