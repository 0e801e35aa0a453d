// The table of the command line.
import { parse } from "@swaplab/command"
import { expect, it } from "vitest"
import { NBD_SERVER } from "../src/commands.ts"

const style = { columns: 80, title: (text: string) => text }
const called = (line: string) => parse(NBD_SERVER, "1.2.3", line === "" ? [] : line.split(" "), style)

it("serves without a command's name, and checks the same options", () => {
  const options = "--config nbd.yaml --listen unix:/a --listen unix:/b"
  const values = { config: "nbd.yaml", listen: ["unix:/a", "unix:/b"], readOnly: false, swap: undefined }
  expect(called(options)).toMatchObject({ command: "", values })
  expect(called(`check ${options}`)).toMatchObject({ command: "check", values })
  expect(called("status --metrics 127.0.0.1:1 --json")).toMatchObject({
    command: "status",
    values: { metrics: "127.0.0.1:1", json: true }
  })
})

it.each([
  ["chek", "swaplab-nbd-server: unknown command chek, did you mean check?"],
  ["--memry 1MiB", "swaplab-nbd-server: unknown option --memry, did you mean --memory?"],
  ["check --config", "swaplab-nbd-server: check: -c, --config FILE: expected a value"],
  ["--read-only=yes", "swaplab-nbd-server: --read-only=yes: expected --read-only without a value"]
])("%s is one message", (line, said) => expect(called(line)).toEqual({ said, wrong: true }))

it.each(["--help", "help", "help check", "check --help", "-V"])("%s is said, and no mistake", (line) => {
  const { said, wrong } = called(line) as { said: string; wrong: boolean }
  expect(wrong).toBe(false)
  expect(said).toContain(line === "-V" ? "1.2.3" : "Usage: swaplab-nbd-server")
})
