// @ts-check
// What hostile clients do, as programs of their own: `node tools/src/nbd-attacks.mjs KIND PORT` goes on until it is killed.
import { once } from "node:events"
import { connect } from "node:net"
import { fileURLToPath } from "node:url"

const CLIENT_FLAGS = Buffer.from("00000003", "hex")
const HALF_OPEN = 2000

/** A connection whose errors do not matter. @param {number} port */
const open = (port) => connect(port, "127.0.0.1").on("error", () => {})

/** Resolves when the connection stands, or has failed. @param {import("node:net").Socket} socket */
const settled = (socket) => once(socket, "connect").catch(() => {})

/** The handshake of an old client: NBD_OPT_EXPORT_NAME. @param {string} name */
const exportName = (name) => {
  const option = Buffer.alloc(16)
  option.write("IHAVEOPT", "latin1")
  option.writeUInt32BE(1, 8)
  option.writeUInt32BE(name.length, 12)
  return Buffer.concat([CLIENT_FLAGS, option, Buffer.from(name)])
}

/** @param {number} command @param {bigint} offset @param {number} length */
const request = (command, offset, length) => {
  const bytes = Buffer.alloc(28)
  bytes.writeUInt32BE(0x25609513)
  bytes.writeUInt16BE(command, 6)
  bytes.writeBigUInt64BE(offset, 16)
  bytes.writeUInt32BE(length, 24)
  return bytes
}

/** Writes the same bytes again and again, as fast as they are taken. @param {import("node:net").Socket} socket @param {Buffer} bytes */
const repeat = (socket, bytes) => {
  const go = () => {
    while (!socket.destroyed && socket.write(bytes)) { /* until the buffer is full */ }
  }
  socket.on("drain", go)
  go()
}

/** By name; each runs until the process is killed. @type {Record<string, (port: number) => Promise<void>>} */
export const ATTACKS = {
  /** Connects and resets, some in the middle of a handshake. */
  "connects and resets": async (port) => {
    for (;;) {
      const sockets = Array.from({ length: 50 }, (_, i) => {
        const socket = open(port)
        socket.write(CLIENT_FLAGS.subarray(0, i % 5))
        return socket
      })
      await Promise.all(sockets.map(settled))
      for (const socket of sockets) socket.resetAndDestroy()
    }
  },
  /** Attaches to an export and resets the connection. */
  "attaches and resets": async (port) => {
    const start = () => {
      const socket = open(port)
      let bytes = 0
      socket.write(exportName("memory-other"))
      socket.on("data", ({ length }) => {
        // the greeting, and the answer to NBD_OPT_EXPORT_NAME
        if ((bytes += length) === 28) socket.resetAndDestroy()
      })
      socket.on("close", start)
    }
    for (let i = 0; i < 16; i++) start()
  },
  /** Handshakes that stop in the middle, opened again when the server gives up on them. */
  "half-open handshakes": async (port) => {
    const hold = () => {
      const socket = open(port)
      socket.write(CLIENT_FLAGS.subarray(0, 3))
      socket.on("close", () => setTimeout(hold, 100)).resume()
    }
    for (let i = 0; i < HALF_OPEN; i++) hold()
  },
  /** Asks for pages and reads no answer. */
  "readers that never read": async (port) => {
    for (let i = 0; i < 8; i++) {
      const socket = open(port)
      socket.pause()
      socket.write(exportName("memory-other"))
      repeat(socket, Buffer.concat(Array.from({ length: 64 }, () => request(0, 0n, 131_072))))
    }
  },
  /** Offsets that wrap and unknown commands, as fast as they are answered. */
  "requests that fail": async (port) => {
    const bad = [request(0, 2n ** 64n - 4096n, 8192), request(1, 2n ** 63n, 0), request(77, 0n, 4096)]
    for (let i = 0; i < 8; i++) {
      const socket = open(port)
      socket.resume()
      socket.write(exportName("memory-other"))
      repeat(socket, Buffer.concat(Array.from({ length: 21 }, () => bad).flat()))
    }
  },
  /** Options that nobody knows, with as much data as is skipped, one after the other. */
  "long options": async (port) => {
    const option = Buffer.alloc(16 + 32 * 2 ** 20)
    option.write("IHAVEOPT", "latin1")
    option.writeUInt32BE(99, 8)
    option.writeUInt32BE(option.length - 16, 12)
    const start = () => {
      const socket = open(port)
      socket.on("close", () => setTimeout(start, 1)).resume()
      socket.write(CLIENT_FLAGS)
      repeat(socket, option)
    }
    for (let i = 0; i < 8; i++) start()
  },
  /** WRITEs behind the end, whose data has to be skipped. */
  "writes that are refused": async (port) => {
    const write = Buffer.concat([request(1, 2n ** 40n, 2 ** 25), Buffer.alloc(2 ** 25)])
    for (let i = 0; i < 8; i++) {
      const socket = open(port)
      socket.resume()
      socket.write(exportName("memory-other"))
      repeat(socket, write)
    }
  },
  /** A WRITE of almost 4 GiB, sent for ever. */
  "giant lengths": async (port) => {
    const start = () => {
      const socket = open(port)
      socket.on("close", () => setTimeout(start, 1)).resume()
      socket.write(Buffer.concat([exportName("memory-other"), request(1, 0n, 2 ** 32 - 4096)]))
      repeat(socket, Buffer.alloc(65_536))
    }
    for (let i = 0; i < 8; i++) start()
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [kind = "", port = ""] = process.argv.slice(2)
  const attack = ATTACKS[kind]
  if (attack === undefined || !(Number(port) > 0)) {
    console.error(`usage: node tools/src/nbd-attacks.mjs KIND PORT\nKIND: ${Object.keys(ATTACKS).join(", ")}`)
    process.exit(2)
  }
  await attack(Number(port))
}
