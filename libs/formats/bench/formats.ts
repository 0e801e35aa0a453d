// What reading a request costs, from each form of a trace. One line of JSON.
import { PcapngWriter, readBlkparse, readIolog, readNbdCapture, tcpFrame, writeIolog } from "@swaplab/formats"

const REQUESTS = 100_000

const requests = Array.from({ length: REQUESTS }, (_, i) => ({
  atNs: i * 20_000,
  write: i % 2 === 0,
  offset: (i * 7919 % 65_536) * 4096,
  length: 4096
}))
const iolog = writeIolog(requests)
const blkparse = requests.map(({ atNs, offset, write }, i) =>
  `  43,0    0 ${i} ${(atNs / 1e9).toFixed(9)}  77  D   ${write ? "W" : "R"} ${offset / 512} + 8 [kswapd0]`
).join("\n")

const capture = (): Uint8Array => {
  const writer = new PcapngWriter("eth0")
  const client = { mac: [2, 0, 0, 0, 0, 2], ip: [10, 0, 0, 2], port: 40_000 }
  const server = { mac: [2, 0, 0, 0, 0, 1], ip: [10, 0, 0, 1], port: 10_809 }
  requests.forEach(({ atNs, offset }, i) => {
    const payload = new Uint8Array(28)
    const view = new DataView(payload.buffer)
    view.setUint32(0, 0x25609513)
    view.setUint32(20, offset)
    view.setUint32(24, 4096)
    const tcp = { seq: i * 28 + 1, ack: 1, flags: 0x18, window: 1000, options: new Uint8Array(0) }
    writer.packet(atNs, tcpFrame(client, server, i, 0, tcp, payload))
  })
  return writer.bytes()
}

const nsEach = (run: () => number): number => {
  const before = process.cpuUsage().user
  const read = run()
  if (read !== REQUESTS) throw new Error(`${read} requests of ${REQUESTS}`)
  return Math.round((process.cpuUsage().user - before) / REQUESTS * 1000)
}

const pcapng = capture()
console.log(JSON.stringify({
  unit: "ns of CPU time a request",
  iolog: nsEach(() => readIolog(iolog).value.requests.length),
  blkparse: nsEach(() => readBlkparse(blkparse).value.requests.length),
  pcapng: nsEach(() => readNbdCapture(pcapng).value.requests.length)
}))
