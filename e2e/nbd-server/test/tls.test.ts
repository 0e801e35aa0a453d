// STARTTLS with real clients: certificates and pre-shared keys, and what one without TLS gets.
import { randomBytes } from "node:crypto"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect } from "vitest"
import { certificatesIn } from "../src/certificates.ts"
import { attach } from "../src/client.ts"
import { ok, withPrograms } from "../src/peers.ts"
import { has, type RunningServer, scratch, startServer, stopAll } from "../src/server.ts"

const folder = scratch()
let secure: RunningServer
afterAll(stopAll)
let certificates = ""
beforeAll(async () => {
  if (!has("openssl")) return
  certificates = await certificatesIn(folder)
  writeFileSync(
    join(certificates, "keys.psk"),
    "alice:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n"
  )
  secure = await startServer(`
exports: { disk: { memory: 8 MiB } }
tls: { mode: required, certificate: ${certificates}/server-cert.pem, key: ${certificates}/server-key.pem, pskFile: ${certificates}/keys.psk }
`)
})

const both = withPrograms("nbdinfo", "nbdcopy", "openssl")
both("nbdinfo goes through STARTTLS with a certificate", async () => {
  const output = await ok(
    "nbdinfo",
    `nbds://127.0.0.1:${secure.port}/disk?tls-certificates=${certificates}`
  )
  expect(output).toMatch(/protocol: newstyle-fixed with TLS/)
})
both("and with a pre-shared key", async () => {
  const output = await ok(
    "nbdinfo",
    `nbds://alice@127.0.0.1:${secure.port}/disk?tls-psk-file=${certificates}/keys.psk`
  )
  expect(output).toMatch(/protocol: newstyle-fixed with TLS/)
})
both("data goes through, and a client without TLS gets nothing", async () => {
  const there = join(folder, "tls.in")
  writeFileSync(there, randomBytes(8 * 2 ** 20))
  const to = `nbds://127.0.0.1:${secure.port}/disk?tls-certificates=${certificates}`
  await ok("nbdcopy", there, to)
  await ok("nbdcopy", to, join(folder, "tls.out"))
  expect(readFileSync(join(folder, "tls.out")).equals(readFileSync(there))).toBe(true)
  await expect(attach(secure.port, "disk")).rejects.toThrow("80000005")
})
