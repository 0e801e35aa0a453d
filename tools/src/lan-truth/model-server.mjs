// @ts-check
// The NBD server of the model: a task that reads the requests of a connection and one that answers them, as nbdkit's threads do:
// whoever waits for room in the socket does not keep the next request from being read. There are no more requests under way
// than nbdkit has threads.
import { NEGOTIATION, receivePages, sendPages } from "./model-client.mjs"
import { NBD_PORT } from "./settings.mjs"

/** @type {(libs: import("./model.mjs").Libs, lan: import("./model-lan.mjs").ModelLan, cell: import("./grid.mjs").Cell) => void} */
export const serve = (libs, lan, cell) => {
  const { server } = lan
  new libs.TcpListener(server.stack, libs.servicePort(NBD_PORT), {
    options: (/** @type {any} */ peer) => lan.socketOptions(`server for ${peer.name}`),
    accept: (/** @type {any} */ socket) => {
      lan.adopt(socket)
      connection(libs, lan, socket, cell.sizeKiB * 1024)
    }
  }).open()
}

/** @type {(libs: import("./model.mjs").Libs, lan: import("./model-lan.mjs").ModelLan, socket: any, bytes: number) => void} */
const connection = (libs, lan, socket, bytes) => {
  const { decodeRequestHeader, encodeSimpleReply, Request, REQUEST_BYTES, SIMPLE_REPLY_BYTES, WaitQueue } = libs
  /** @type {Array<{ cookie: number, write: boolean }>} */
  const finished = []
  const wake = new WaitQueue(lan.sim, `${socket.name} replies`)
  lan.task(`${socket.name} reader`, function*(task) {
    yield* socket.sendBytes(task, new Uint8Array(NEGOTIATION.greeting), false)
    yield* socket.recvBytes(task, new Uint8Array(NEGOTIATION.client))
    yield* socket.sendBytes(task, new Uint8Array(NEGOTIATION.info), false)
    const header = new Uint8Array(REQUEST_BYTES)
    const request = new Request()
    for (;;) {
      if ((yield* socket.recvBytes(task, header)) < header.length) return
      if (!decodeRequestHeader(header, 0, false, request)) throw new Error("no request")
      const write = request.type === 1
      if (write) yield* receivePages(socket, task, bytes)
      finished.push({ cookie: request.cookieLo, write })
      wake.wakeAll()
    }
  })
  lan.task(`${socket.name} replies`, function*(task) {
    const header = new Uint8Array(SIMPLE_REPLY_BYTES)
    for (;;) {
      const reply = finished.shift()
      if (reply === undefined) {
        yield* wake.sleep(task.process)
        continue
      }
      encodeSimpleReply(header, 0, 0, 0, reply.cookie)
      yield* socket.sendBytes(task, header, !reply.write)
      if (!reply.write) yield* sendPages(socket, task, bytes)
    }
  })
}
