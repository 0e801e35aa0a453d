// Mistakes in a configuration: one line with the path and the value, exit code 2, nothing opened.
import { mkdirSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { afterAll, expect, it } from "vitest"
import { fileWith, runCommand, scratch, stopAll } from "../src/server.ts"

afterAll(stopAll)

it.concurrent.each<[what: string, config: string, message: RegExp]>([
  ["an unknown key", "exprots: {}", /exprots: unknown key/],
  [
    "a wrong size",
    "exports: { a: { memory: 64 MegaByte } }",
    /exports\.a\.memory: got "64 MegaByte", expected a size/
  ],
  ["no store", "exports: { a: {} }", /exports\.a: .*exactly one of file, memory and tokens/],
  ["two stores", "exports: { a: { memory: 1 MiB, tokens: 1 MiB } }", /exports\.a: .*exactly one/],
  ["nothing to serve", "listen: [\"127.0.0.1:0\"]", /has no exports/],
  ["a template without *", "swap: { swap: { size: 1 MiB } }", /swap\.swap: expected a name that ends in \*/],
  [
    "a file template without a directory",
    "swap: { s*: { size: 1 MiB, store: file } }",
    /swap\.s\*\.directory: is missing/
  ],
  [
    "a file that is not there",
    "exports: { a: { file: /nowhere/x } }",
    /exports\.a\.file: got "\/nowhere\/x", no such file or directory/
  ],
  ["a wrong network", "allow: [10.0.0.0/33]\nexports: { a: { memory: 1 MiB } }", /allow\[0\]: got "10\.0\.0\.0\/33"/],
  [
    "a wrong place",
    "listen: [somewhere]\nexports: { a: { memory: 1 MiB } }",
    /listen\[0\]: got "somewhere", expected an/
  ],
  ["TLS without a certificate", "tls: {}\nexports: { a: { memory: 1 MiB } }", /tls: expected certificate and key/],
  [
    "a certificate that is not there",
    "tls: { certificate: /nowhere/c, key: /nowhere/k }\nexports: { a: { memory: 1 MiB } }",
    /tls\.certificate: got "\/nowhere\/c"/
  ],
  [
    "an export that wants TLS where there is none",
    "exports: { a: { memory: 1 MiB, tls: true } }",
    /exports\.a\.tls: got true, expected tls to be set up/
  ],
  [
    "a grace period that no timer can wait for",
    "swap: { s*: { size: 1 MiB, grace: 30 d } }",
    /swap\.s\*\.grace: got "30 d", expected a time such as 10 ms, at most 24 d/
  ],
  ["something else than YAML", "exports: {a: [", /:\d+:\d+: not YAML/]
])("%s: one line, exit code 2, nothing opened", async (_what, config, message) => {
  const folder = scratch()
  const file = fileWith(`${config}\nmetrics: unix:${folder}/probes\n`)
  const { code, stderr, stdout } = await runCommand("--config", file)
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
  const lines = stderr.trimEnd().split("\n")
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(message)
  expect(readdirSync(folder)).toEqual([])
})

it("check says the same, and opens nothing", async () => {
  const folder = scratch()
  mkdirSync(join(folder, "swap"))
  const file = fileWith(`exports: { a: { file: ${folder}/new.img, size: 1 MiB } }\n`)
  expect(await runCommand("check", "--config", file)).toMatchObject({
    code: 0,
    stdout: "valid; exports: 1, templates: 0\n"
  })
  expect(readdirSync(folder)).toEqual(["swap"])
  expect(await runCommand("check", "--swap", "1 MB/s")).toMatchObject({ code: 2 })
  expect(await runCommand("check", "--memory", "1 MiB", "--read-only")).toMatchObject({
    code: 2,
    stderr: "swaplab-nbd-server: --read-only: expected --file with it\n"
  })
  expect(await runCommand("check", "--memory", "1 MiB", "--directory", folder)).toMatchObject({
    code: 2,
    stderr: "swaplab-nbd-server: --directory: expected --swap with it\n"
  })
  expect(JSON.parse((await runCommand("schema")).stdout)).toMatchObject({
    $schema: expect.stringContaining("json-schema")
  })
})
