// @ts-check
// The servers that are measured: how each is started with 256 MiB, and what it needs.
import { spawn } from "node:child_process"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { connect } from "node:net"
import { join } from "node:path"
import { root } from "../src/workspace.mjs"

/** Bytes of each export. */
export const SIZE = 256 * 2 ** 20

/**
 * A kind of server. `command` starts it in the foreground or, with `pidFile`, in the background; `name` is its export.
 * @typedef {{
 *   program: string,
 *   name: string,
 *   pidFile?: string,
 *   command: (port: number, folder: string) => ReadonlyArray<string>
 * }} Kind
 * @typedef {{ kind: string, port: number, pid: number, name: string }} Server
 */

const ours = (/** @type {number} */ port) => [
  join(root, "apps/nbd-server/dist/main.js"),
  "--listen",
  `127.0.0.1:${port}`
]
const nbdkit = (/** @type {number} */ port) => ["-f", "-i", "127.0.0.1", "-p", String(port)]

/** The file of the servers that have one. */
const fileIn = (/** @type {string} */ folder) => join(folder, "file.img")

/** An image that nobody changes, which all processes of our server have; with TLS for who asks for it. */
const image = (/** @type {number} */ processes) => (/** @type {number} */ port, /** @type {string} */ folder) => {
  const config = join(folder, `image-${processes}.yaml`)
  writeFileSync(
    config,
    `listen: ["127.0.0.1:${port}"]
processes: ${processes}
tls: { mode: optional, certificate: ${folder}/server-cert.pem, key: ${folder}/server-key.pem }
exports: { image: { file: ${fileIn(folder)}, readOnly: true } }
swap: { "swap-*": { size: 32 MiB, keep: true } }
`
  )
  return [join(root, "apps/nbd-server/dist/main.js"), "--config", config]
}

/** @type {Readonly<Record<string, Kind>>} */
export const KINDS = {
  "image-1": { program: process.execPath, name: "image", command: image(1) },
  "image-2": { program: process.execPath, name: "image", command: image(2) },
  nbdkit: { program: "nbdkit", name: "", command: (port) => [...nbdkit(port), "memory", "256M"] },
  ours: { program: process.execPath, name: "", command: (port) => [...ours(port), "--memory", "256 MiB"] },
  "ours-file": {
    program: process.execPath,
    name: "",
    command: (port, folder) => [...ours(port), "--file", fileIn(folder)]
  },
  "nbdkit-file": { program: "nbdkit", name: "", command: (port, folder) => [...nbdkit(port), "file", fileIn(folder)] },
  "nbd-server": {
    program: "nbd-server",
    name: "disk",
    pidFile: "nbd-server.pid",
    command: (port, folder) => {
      const config = join(folder, "nbd-server.conf")
      writeFileSync(
        config,
        `[generic]\nlistenaddr = 127.0.0.1\nport = ${port}\n[disk]\nexportname = ${
          fileIn(folder)
        }\nflush = true\nfua = true\n`
      )
      return ["-C", config, "-p", join(folder, "nbd-server.pid")]
    }
  },
  "qemu-nbd": {
    program: "qemu-nbd",
    name: "",
    command: (port, folder) => ["-f", "raw", "-b", "127.0.0.1", "-p", String(port), "-e", "64", "-t", fileIn(folder)]
  }
}

const answers = (/** @type {number} */ port) =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1")
    socket.on("connect", () => resolve(socket.destroy() !== undefined))
    socket.on("error", () => resolve(false))
  })

/**
 * Starts servers and waits until they listen; they end with this process.
 * @param {ReadonlyArray<string>} kinds
 * @param {string} folder
 * @param {number} firstPort
 * @returns {Promise<ReadonlyArray<Server>>}
 */
export const startServers = async (kinds, folder, firstPort = 11_500) => {
  if (
    kinds.some((kind) =>
      kind.endsWith("file") || kind.startsWith("image") || kind === "nbd-server" || kind === "qemu-nbd"
    )
  ) {
    writeFileSync(fileIn(folder), Buffer.alloc(SIZE, 0x5a))
  }
  const servers = []
  for (const [i, kind] of kinds.entries()) {
    const { command, name, pidFile, program } = KINDS[kind]
    const port = firstPort + i
    if (await answers(port)) throw new Error(`something else listens at port ${port}`)
    const child = spawn(program, command(port, folder), { stdio: "ignore" })
    const server = { kind, port, pid: child.pid ?? 0, name }
    process.on("exit", () => {
      try {
        process.kill(server.pid, "SIGKILL")
      } catch {
        // it has ended before
      }
    })
    for (let tries = 0; !(await answers(port)); tries++) {
      if (tries === 100) throw new Error(`${kind} does not listen at port ${port}`)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    if (pidFile !== undefined) server.pid = Number(readFileSync(join(folder, pidFile), "utf8"))
    servers.push(server)
  }
  return servers
}

/** CPU seconds that a process has used, with the children that it has waited for and those that it has. */
export const cpuSeconds = (/** @type {number} */ pid) => {
  const ticks = (/** @type {number} */ id) => {
    const fields = readFileSync(`/proc/${id}/stat`, "utf8").split(") ")[1].split(" ")
    return fields.slice(11, 15).map(Number).reduce((sum, value) => sum + value)
  }
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) => {
    try {
      return readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter((id) => id !== "").map(Number)
    } catch {
      // a thread that has ended meanwhile
      return []
    }
  })
  return [pid, ...children].map(ticks).reduce((sum, value) => sum + value) / 100
}
