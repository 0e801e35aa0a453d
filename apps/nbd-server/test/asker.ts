// A client of a store that waits, without a socket.
import { encodeRequest, exportInfo, ReplyBuffer, SIMPLE_MODE, Transmission, type WaitingStore } from "@swaplab/nbd"

export interface Reply {
  readonly error: number
  readonly data: Uint8Array
}

/** Sends one request at a time; resolves to its error and data. */
export const asker = (store: WaitingStore, size: number) => {
  let done: (reply: Uint8Array) => void = () => {}
  const replies = new ReplyBuffer()
  const info = exportInfo({ name: "file", size })
  const send = (): void => {
    const bytes = Buffer.concat(replies.pieces().map((piece) => piece.slice()))
    replies.renew(false)
    done(bytes)
  }
  const transmission = new Transmission({ info, store, extents: null }, SIMPLE_MODE, replies, {
    tryStart: () => true,
    send,
    jobTaken: () => {},
    replyReady: () => queueMicrotask(send),
    answered: () => {}
  })
  return (type: number, offset: number, length: number, payload = new Uint8Array(0), flags = 0): Promise<Reply> =>
    new Promise((resolve) => {
      done = (bytes) =>
        resolve({ error: new DataView(bytes.buffer, bytes.byteOffset).getUint32(4), data: bytes.subarray(16) })
      const request = new Uint8Array(28 + payload.length)
      encodeRequest(request, 0, flags, type, 0, 1, offset, length)
      request.set(payload, 28)
      transmission.receive(request)
    })
}
