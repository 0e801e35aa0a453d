// An NBD server for one disk of 16 MiB in memory. The wire is the codec's; the rest is here: which options are known, and
// what a read and a write do. `node main.js [PORT]` prints the address it listens on.
import { Command, decodeRequestHeader, encodeGreeting, encodeOptionReply, encodeSimpleReply } from "@swaplab/nbd/wire"
import { NbdError, Option, OptionDecoder, OptionReplyType, Request, TransmissionFlag } from "@swaplab/nbd/wire"
import { REQUEST_BYTES, SIMPLE_REPLY_BYTES } from "@swaplab/nbd/wire"
import { createServer, type Socket } from "node:net"

const disk = Buffer.alloc(16 * 2 ** 20)
const exportInfo = Buffer.alloc(12) // NBD_INFO_EXPORT (0), size, flags
exportInfo.writeBigUInt64BE(BigInt(disk.length), 2)
exportInfo.writeUInt16BE(TransmissionFlag.HasFlags | TransmissionFlag.SendFlush, 10)

/** Requests of one connection, after its handshake. Returns the bytes that no whole request has yet. */
const serve = (socket: Socket, bytes: Buffer): Buffer => {
  const request = new Request()
  while (decodeRequestHeader(bytes, 0, false, request)) {
    const { cookieHi, cookieLo, length, offset, payloadBytes, type } = request
    if (bytes.length < REQUEST_BYTES + payloadBytes) break
    const payload = bytes.subarray(REQUEST_BYTES, REQUEST_BYTES + payloadBytes)
    bytes = bytes.subarray(REQUEST_BYTES + payloadBytes)
    if (type === Command.Disc) return socket.end(), Buffer.alloc(0)
    const inside = offset + length <= disk.length
    const known = type === Command.Read || type === Command.Write || type === Command.Flush
    const reply = new Uint8Array(SIMPLE_REPLY_BYTES)
    encodeSimpleReply(reply, 0, known && inside ? NbdError.Ok : NbdError.EINVAL, cookieHi, cookieLo)
    if (type === Command.Write && inside) disk.set(payload, offset)
    socket.write(reply)
    if (type === Command.Read && inside) socket.write(Buffer.from(disk.subarray(offset, offset + length)))
  }
  return bytes
}

const server = createServer((socket) => {
  const options = new OptionDecoder()
  let requests: Buffer | null = null
  socket.on("error", () => socket.destroy())
  socket.on("data", (chunk) => {
    if (requests !== null) return void (requests = serve(socket, Buffer.concat([requests, chunk])))
    options.push(chunk)
    for (let message = options.next(); message !== null && requests === null; message = options.next()) {
      if (message.kind === "fault") return socket.destroy()
      if (message.kind !== "option") continue
      const { option } = message
      const known = option === Option.Go || option === Option.Info
      if (known) socket.write(encodeOptionReply(option, OptionReplyType.Info, exportInfo))
      const ack = known || option === Option.Abort
      socket.write(encodeOptionReply(option, ack ? OptionReplyType.Ack : OptionReplyType.ErrUnsup))
      if (option === Option.Abort) return socket.end()
      if (option === Option.Go) requests = serve(socket, Buffer.from(options.rest()))
    }
  })
  socket.write(encodeGreeting(3)) // fixed newstyle, no zeroes
})
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  const address = server.address()
  if (address !== null && typeof address === "object") console.log(`nbd://127.0.0.1:${address.port}`)
})
