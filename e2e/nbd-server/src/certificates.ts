// A certificate for this machine, made by openssl, as clients of libnbd look for it.
import { join } from "node:path"
import { ok } from "./peers.ts"

/** Makes server-cert.pem, server-key.pem and ca-cert.pem in `folder`/pki; returns that folder. */
export const certificatesIn = async (folder: string): Promise<string> => {
  const pki = join(folder, "pki")
  await ok("mkdir", "-p", pki)
  await ok(
    "openssl",
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-days",
    "2",
    "-subj",
    "/CN=localhost",
    "-addext",
    "subjectAltName=DNS:localhost,IP:127.0.0.1",
    "-keyout",
    `${pki}/server-key.pem`,
    "-out",
    `${pki}/server-cert.pem`
  )
  await ok("cp", `${pki}/server-cert.pem`, `${pki}/ca-cert.pem`)
  return pki
}
