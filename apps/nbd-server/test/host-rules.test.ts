import { formatFinding } from "@swaplab/config"
import { Either } from "effect"
import { execFileSync } from "node:child_process"
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { findingsOf, HOST_RULES } from "../src/check/host-rules.ts"
import { decodeConfig, decodeYaml } from "../src/config/load.ts"
import { one, two } from "./certificates.ts"
import { scratch } from "./rig.ts"

const folder = scratch()
const file = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
const [certificate, key] = [file("certificate", one.certificate), file("key", one.key)]

it.each<[what: string, tls: Readonly<Record<string, string>>, path: ReadonlyArray<string>, text: RegExp]>([
  ["the key of another certificate", { certificate, key: file("other", two.key) }, ["tls"], /mismatch/],
  [
    "an authority that is none",
    { certificate, key, clientAuthority: file("no-authority", "x") },
    ["tls", "clientAuthority"],
    /expected PEM/
  ],
  ["a certificate that is a key", { certificate: key, key }, ["tls", "certificate"], /expected PEM/],
  ["a key that is a certificate", { certificate, key: certificate }, ["tls", "key"], /expected PEM/]
])("finds %s", (_what, tls, path, text) => {
  const config = Either.getOrThrow(decodeConfig("test", { tls, exports: { a: { memory: "1 MiB" } } }))
  expect(findingsOf(HOST_RULES, config)).toEqual([{ path, text: expect.stringMatching(text) }])
})

it("finds nothing wrong with a certificate and its key", () => {
  const config = Either.getOrThrow(
    decodeConfig("test", { tls: { certificate, key }, swap: { "s-*": { size: "1 MiB" } } })
  )
  expect(findingsOf(HOST_RULES, config)).toEqual([])
})

/** A folder with all kinds of things that are not what they should be. */
const place = (): string => {
  const odd = scratch()
  mkdirSync(join(odd, "directory"))
  writeFileSync(join(odd, "file"), "x".repeat(20))
  writeFileSync(join(odd, "short"), "x")
  execFileSync("mkfifo", [join(odd, "pipe")])
  symlinkSync(join(odd, "file"), join(odd, "link"))
  return odd
}

it.each<[what: string, config: string, message: RegExp]>([
  [
    "an image that is missing",
    "exports: { a: { file: F/none } }",
    /^exports\.a\.file: got "F\/none", no such file/
  ],
  ["a read-only image that is missing", "exports: { a: { file: F/none, readOnly: true } }", /no such file/],
  [
    "an image that only a later export makes",
    "exports: { a: { file: F/new, readOnly: true }, b: { file: F/new, size: 1 MiB } }",
    /^exports\.a\.file: got "F\/new", no such file/
  ],
  ["an image that is a directory", "exports: { a: { file: F/directory } }", /is a directory/],
  ["an image that is a pipe", "exports: { a: { file: F/pipe, readOnly: true } }", /is no regular file/],
  [
    "an image to be made below a file",
    "exports: { a: { file: F/file/x, size: 1 MiB } }",
    /below something that is no directory/
  ],
  [
    "an image to be made nowhere",
    "exports: { a: { file: F/none/x, size: 1 MiB } }",
    /cannot be made: F\/none: no such file/
  ],
  ["an image to be made that is a link", "exports: { a: { file: F/link, size: 1 MiB } }", /is a symbolic link/],
  [
    "a directory that is missing",
    "swap: { s-*: { size: 1 MiB, store: file, directory: F/none } }",
    /^swap\.s-\*\.directory: got "F\/none", no such file/
  ],
  ["a directory that is a file", "swap: { s-*: { size: 1 MiB, store: file, directory: F/file } }", /is no directory/],
  [
    "a certificate that is missing",
    "tls: { certificate: F/none, key: F/file }",
    /^tls\.certificate: got "F\/none", no such file/
  ],
  [
    "a certificate that is none",
    "tls: { certificate: F/file, key: F/file }",
    /^tls\.certificate: got "F\/file", expected PEM/
  ],
  [
    "pre-shared keys that are none",
    "tls: { pskFile: F/file }",
    /^tls\.pskFile: F\/file: line 1: expected identity:key/
  ],
  [
    "a token that is missing",
    "control: { socket: F/s, tokenFile: F/none }",
    /^control\.tokenFile: got "F\/none", no such file/
  ],
  [
    "a token that is short",
    "control: { socket: F/s, tokenFile: F/short }",
    /expected at least 16 characters/
  ],
  [
    "a control socket that is a file",
    "control: { socket: F/file, tokenFile: F/file }",
    /control\.socket: got "F\/file", is something else/
  ],
  [
    "a socket that is a file",
    `listen: ["unix:F/file"]`,
    /^listen\[0\]: got "F\/file", is something else than a socket/
  ],
  ["a socket nowhere", "metrics: unix:F/none/s", /metrics: got "F\/none\/s", cannot be made/],
  ["a socket with a long path", `listen: ["unix:F/${"x".repeat(108)}"]`, /is longer than 107 bytes/],
  [
    "a recording nowhere",
    "record: { pcapng: F/none/x }",
    /record\.pcapng: got "F\/none\/x", cannot be made/
  ],
  ["a recording that is a directory", "record: { transactions: F/directory }", /is a directory/]
])("finds %s, and makes nothing", (_what, text, message) => {
  const odd = place()
  const before = readdirSync(odd)
  const something = text.startsWith("exports") || text.startsWith("swap") ? "" : "exports: { a: { memory: 1 MiB } }"
  const config = Either.getOrThrow(decodeYaml("test", `${text.replaceAll("F/", `${odd}/`)}\n${something}\n`))
  const [found, ...more] = findingsOf(HOST_RULES, config).map((one) => formatFinding(one).replaceAll(odd, "F"))
  expect(found).toMatch(message)
  expect(more.filter((other) => !other.startsWith("control."))).toEqual([])
  expect(readdirSync(odd)).toEqual(before)
})
