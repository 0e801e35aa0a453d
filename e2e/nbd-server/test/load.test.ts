// swaplab load: the same requests to the model and to real servers, in one report; what a server does wrong is named.
import { join } from "node:path"
import { afterEach, expect, it } from "vitest"
import { serveLies } from "../src/lying-server.ts"
import { ok, withPrograms } from "../src/peers.ts"
import { listening } from "../src/ports.ts"
import { scratch, spawnPeer, startServer, stopAll } from "../src/server.ts"
import { swaplab } from "../src/swaplab.ts"

afterEach(stopAll)

const LOAD = ["--clients", "2", "--profile", "stream", "--for", "300ms"]

interface Loaded {
  readonly jobs: ReadonlyArray<{
    readonly jobname: string
    readonly error: number
    readonly read: { readonly total_ios: number; readonly io_bytes: number }
    readonly write: { readonly total_ios: number; readonly clat_ns: { readonly N: number } }
  }>
  readonly swaplab: {
    readonly planned: number
    readonly sameSequence: boolean
    readonly servers: ReadonlyArray<{
      readonly server: string
      readonly sent: number
      readonly sequences: ReadonlyArray<number>
      readonly passPages: number
      readonly wrong: ReadonlyArray<string>
    }>
  }
}

withPrograms("nbdkit", "qemu-nbd")("the model and three servers are asked for the same", async () => {
  const server = await startServer("swap: { swap-*: { size: 256 MiB } }")
  const [nbdkit, qemu] = [join(scratch(), "nbdkit"), join(scratch(), "qemu")]
  spawnPeer("nbdkit", ["-f", "-U", nbdkit, "memory", "512M"])
  const zeroes = "driver=null-co,size=536870912,read-zeroes=on"
  spawnPeer("qemu-nbd", ["-k", qemu, "-t", "-e", "8", "-x", "swap", "--image-opts", zeroes])
  await listening(nbdkit)
  await listening(qemu)
  const ours = `nbd://127.0.0.1:${server.port}/swap-{client}`
  const others = [`nbd+unix:///?socket=${nbdkit}`, `nbd+unix:///swap?socket=${qemu}`]
  const { code, stdout } = await swaplab("load", ours, ...LOAD, "--against", ["model", ...others].join(), "--json")
  const { jobs, swaplab: { planned, sameSequence, servers } } = JSON.parse(stdout) as Loaded
  expect(jobs.map(({ jobname }) => jobname)).toEqual([ours, "model", ...others])
  expect(sameSequence).toBe(true)
  expect(new Set(servers.map(({ sequences }) => sequences.join())).size).toBe(1)
  expect(servers[0]?.sequences.length).toBe(2)
  for (const { sent } of servers) expect(sent).toBe(planned)
  for (const { error, read, write } of jobs.filter(({ jobname }) => jobname !== "model")) {
    expect([error, read.total_ios + write.total_ios]).toEqual([0, planned])
  }
  expect(servers.slice(0, 3).map(({ wrong }) => wrong)).toEqual([[], [], []])
  expect(servers[0]?.passPages ?? 0).toBeGreaterThan(100)
  // a server that keeps nothing is found out
  expect(servers[3]?.wrong.join()).toMatch(/the server lies: \d+ pages? with/)
  expect(code).toBe(99)
})

/** Paths of all numbers and texts in an object, without those of lists beyond their first element. */
const pathsOf = (value: unknown, path = ""): ReadonlyArray<string> => {
  if (Array.isArray(value)) return pathsOf(value[0], `${path}[]`)
  if (typeof value !== "object" || value === null) return [`${path}: ${typeof value}`]
  return Object.entries(value).flatMap(([key, of]) => pathsOf(of, `${path}/${key}`))
}

/** What a script that reads fio's JSON takes from it. */
const readAsFio = (text: string) => {
  const { jobs } = JSON.parse(text) as {
    readonly jobs: ReadonlyArray<{
      readonly jobname: string
      readonly write: {
        readonly iops: number
        readonly bw: number
        readonly clat_ns: { readonly mean: number; readonly percentile?: Readonly<Record<string, number>> }
      }
    }>
  }
  return jobs.map(({ jobname, write: { bw, clat_ns: { mean, percentile }, iops } }) => ({
    jobname,
    iops,
    bw,
    mean,
    p99: percentile?.["99.000000"]
  }))
}

withPrograms("fio")("has each field where fio has it, with the same type", async () => {
  const server = await startServer("swap: { swap-*: { size: 256 MiB } }")
  const ours = await swaplab("load", `nbd://127.0.0.1:${server.port}/swap-{client}`, ...LOAD, "--json")
  const job = ["--name=job", "--ioengine=null", "--size=1M", "--rw=randrw", "--percentile_list=50:90:95:99:99.9"]
  const fio = await ok("fio", "--output-format=json", ...job)
  const known = pathsOf(JSON.parse(fio))
  const { swaplab: _more, ...load } = JSON.parse(ours.stdout) as Readonly<Record<string, unknown>>
  expect(pathsOf(load).filter((path) => !known.includes(path))).toEqual([])
  const [ourJob] = readAsFio(ours.stdout)
  const [real] = readAsFio(fio)
  expect(Object.values(real ?? {}).map((value) => typeof value)).toEqual(
    Object.values(ourJob ?? {}).map((value) => typeof value)
  )
  expect([(ourJob?.iops ?? 0) > 0, (ourJob?.p99 ?? 0) > 0]).toEqual([true, true])
})

it("a server that answers twice", async () => {
  const { port, server } = await serveLies(512 << 20, "reply")
  const { code, stdout } = await swaplab("load", `nbd://127.0.0.1:${port}/swap`, ...LOAD)
  server.close()
  expect(stdout.replace(/\s+/g, " ")).toContain("answered a request twice")
  expect(code).toBe(99)
})
