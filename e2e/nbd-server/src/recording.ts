// Reads what the recorder wrote.

/** Both directions of the first connection in a pcapng file, without the headers of IP and TCP. */
export const sessionOf = (file: Uint8Array): { readonly client: Buffer; readonly server: Buffer } => {
  const view = new DataView(file.buffer, file.byteOffset, file.length)
  const client: Array<Uint8Array> = []
  const server: Array<Uint8Array> = []
  for (let at = 0; at < file.length; at += view.getUint32(at + 4, true)) {
    // an enhanced packet block: 28 bytes, then IP and TCP of 20 bytes each
    if (view.getUint32(at, true) !== 6) continue
    const payload = file.subarray(at + 28 + 40, at + 28 + view.getUint32(at + 20, true))
    const toServer = view.getUint16(at + 28 + 22) === 10809
    ;(toServer ? client : server).push(payload)
  }
  return { client: Buffer.concat(client), server: Buffer.concat(server) }
}
