// What the kernel prints of connections, found by the ends of their sockets.
import { connect, createServer, type Server, type Socket } from "node:net"
import { expect, it } from "vitest"
import { parseTcpTable, readTcpTable, tcpKey } from "../src/net/tcp-table.ts"

const end = (localAddress: string, remoteAddress: string, localPort = 10809, remotePort = 4660) =>
  tcpKey({ localAddress, localPort, remoteAddress, remotePort } as Socket)

it.each([
  ["192.168.67.1", "10.0.0.2", "0143A8C0:2A39 0200000A:1234"],
  [
    "::ffff:192.168.67.1",
    "::ffff:10.0.0.2",
    "0000000000000000FFFF00000143A8C0:2A39 0000000000000000FFFF00000200000A:1234"
  ],
  ["::1", "fe80::1:2%eth0", "00000000000000000000000001000000:2A39 000080FE000000000000000002000100:1234"]
])("%s and %s", (local, remote, key) => {
  // of a machine whose least significant byte comes first
  expect(end(local, remote)).toBe(key)
})

const line = (timer: string, retransmissions: string, probes: string) =>
  `   7: 0143A8C0:2A39 0200000A:1234 01 00000410:00000000 ${timer}:00000123 ${retransmissions}     0        ${probes} 4711 2 0`

it.each([
  ["nothing is under way", "00", "00000000", "0", 0],
  ["retransmissions", "01", "00000003", "0", 3],
  ["probes of a closed window", "04", "00000000", "5", 5],
  ["probes of a closed window, answered", "04", "00000000", "0", 0],
  ["probes of an idle connection, which are the kernel's affair", "02", "00000000", "2", 0]
])("attempts: %s", (_what, timer, retransmissions, probes, attempts) => {
  const key = "0143A8C0:2A39 0200000A:1234"
  const text = `  sl  local_address rem_address   st tx_queue\n${line(timer, retransmissions, probes)}\n`
  expect(parseTcpTable(text, new Set([key]))).toEqual(new Map([[key, { unacknowledged: 1040, attempts }]]))
  expect(parseTcpTable(text, new Set(["0143A8C0:2A39 0200000A:1235"])).size).toBe(0)
})

it.each(["127.0.0.1", "::1", "::"])("the kernel knows a connection to a socket at %s", async (host) => {
  const server: Server = createServer()
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve))
  const client = connect(port, host === "::" ? "127.0.0.1" : host)
  const socket = await accepted
  const key = tcpKey(socket) ?? ""
  expect((await readTcpTable(new Set([key])))?.get(key)).toEqual({ unacknowledged: 0, attempts: 0 })
  client.destroy()
  socket.destroy()
  server.close()
  expect(tcpKey(connect("/nowhere").on("error", () => {}))).toBeNull()
})
