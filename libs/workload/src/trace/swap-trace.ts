// The trace of a swap device, replayed: the requests that a real client sent, in their order and at their times or as fast as
// they are served, as direct I/O of a program to the swap device of the client.
// Modelled: what raw-device.ts of the kernel has; requests that are late because all tasks are busy, and how late; every page that
//   was written here and is read again must be what was written.
// Not modelled: what made the requests (memory, reclaim, the program that faulted): a slower server does not slow the program down, as
//   it does a real one; `pace: served` is the other extreme. Nobody swaps to the device meanwhile. A read of a page that was not
//   written before finds zeroes at the server, as in the hole of a file.
import { choice, field, mismatch, plural, whole } from "@swaplab/config"
import { openRawDevice, RawBuffer, type RawDevice } from "@swaplab/kernel"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import { assert, type Nanoseconds, type Sleeps } from "@swaplab/sim"
import { Schema } from "effect"
import type { Counter } from "../plug-in/host.ts"
import { NOTHING } from "../plug-in/plan.ts"
import { workload } from "../plug-in/workload.ts"
import { tokenWriter } from "../usemem.ts"
import { DeviceContents, UNKNOWN } from "./contents.ts"
import { largest, pagesUsed, readRequests, type TraceRequests } from "./requests.ts"

const FORM = "a line for each request: SECONDS R|W PAGE+PAGES, such as 0.000123 W 256+8"

const RequestText = Schema.String.pipe(
  Schema.filter((text) => {
    const read = readRequests(text)
    return "why" in read ? `${FORM}; line ${read.line} of it: ${read.why}` : true
  }, { title: FORM, jsonSchema: { type: "string" } })
)

/** The requests of a text that has been checked. */
const requestsOf = (text: string): TraceRequests => {
  const read = readRequests(text)
  assert(!("why" in read), "the schema has checked the requests")
  return read
}

const options = {
  requests: field(
    RequestText,
    "R 0",
    `The requests, ${FORM}. Times count from the start of the client; lines without any follow each other at once. swaplab import `
      + "writes them; without any: page 0 is read."
  ),
  pace: field(
    choice("recorded", "served"),
    "recorded",
    "recorded: each request at its time, or as soon after it as a task is free. served: each as soon as a task is free."
  ),
  tasks: field(
    whole(1, 256),
    32,
    "Tasks that make requests: so many are under way at most. A queue of the block layer has 128 slots a direction."
  )
}

/** What its tasks share. */
interface Replay {
  readonly requests: TraceRequests
  readonly device: RawDevice
  readonly contents: DeviceContents
  readonly writer: number
  next: number
  left: number
  underWay: number
  readonly lost: Counter
}

export const swapTrace = workload<typeof options, "late" | "lost" | "lateness">({
  slot: "workload",
  description:
    "Requests that a real client sent to its swap device, replayed to that of the client; swaplab import writes it.",
  options,
  processes: () => NOTHING,
  touches: ({ requests: text }) => {
    const { count, pages } = requestsOf(text)
    return pages.subarray(0, count).reduce((sum, n) => sum + n, 0)
  },
  start: (host, { pace, requests: text, tasks }) => {
    const { client } = host
    const { sim } = client
    const requests = requestsOf(text)
    const replay: Replay = {
      requests,
      device: openRawDevice(client),
      contents: new DeviceContents(pagesUsed(requests)),
      writer: tokenWriter(client.index, 0),
      next: 0,
      left: requests.count,
      underWay: 0,
      lost: host.counter("lost")
    }
    const origin = sim.now - host.since
    const size = largest(requests)
    const late = host.counter("late")
    const lateness = host.latency("lateness")
    const dueOf = (i: number): Nanoseconds =>
      pace === "served" || Number.isNaN(requests.atNs[i]) ? sim.now : origin + requests.atNs[i]
    // after a reboot it goes on where the time has come to
    while (pace === "recorded" && replay.next < requests.count && dueOf(replay.next) < sim.now) replay.next++
    replay.left -= replay.next
    if (replay.left === 0) return host.done()
    for (let worker = 1; worker <= Math.min(tasks, replay.left); worker++) {
      host.daemon(`replay-${worker}`, function*(task) {
        const buffer = new RawBuffer()
        const ready = yield* replay.device.reserve(task, buffer, size)
        while (ready && replay.next < requests.count) {
          const i = replay.next++
          const due = dueOf(i)
          yield* task.settle()
          if (due > sim.now) {
            if (replay.underWay === 0) host.rest(true)
            yield* task.hold(due - sim.now)
          }
          host.rest(false)
          if (sim.now > due) late.value++
          lateness.record(sim.now - due)
          const begun = sim.now
          replay.underWay++
          const failed = yield* perform(replay, task, i, buffer, client)
          replay.underWay--
          client.touched += requests.pages[i]
          if (failed > 0) host.operations.failed++
          else {
            host.operations.done++
            host.operations.latency.record(sim.now - begun)
          }
          replay.left--
        }
        replay.device.release(task, buffer)
        client.disk.forgetTask(task)
        if (replay.left === 0) host.done()
      })
    }
  },
  operations: { unit: "requests", latency: true },
  metrics: {
    lost: { kind: "count", unit: null, meaning: "pages that were written and that the server has forgotten" },
    late: { kind: "count", unit: null, meaning: "requests that found all tasks busy at their time" },
    lateness: { kind: "latency", unit: null, meaning: "how much later than recorded a request was made" }
  },
  rules: [{
    name: "a trace lies within the swap device",
    path: ["requests"],
    holds: ({ requests }, { swapBytes }) => pagesUsed(requestsOf(requests)) * PAGE_SIZE <= swapBytes,
    words: ({ requests }, { swapBytes }) =>
      mismatch(
        `requests up to page ${pagesUsed(requestsOf(requests)) - 1}`,
        `pages below ${Math.floor(swapBytes / PAGE_SIZE)}, which the swap of the client has`
      )
  }],
  idle: [{
    path: ["pace"],
    idle: ({ requests }) => Number.isNaN(requestsOf(requests).atNs[0]),
    reason: "the requests have no times"
  }],
  shrink: [],
  replays: (requests, tasks) => ({ requests, ...(tasks === null ? {} : { tasks }) }),
  describe: ({ pace, requests, tasks }) => [
    plural(requestsOf(requests).count, "request"),
    pace === "served" ? "as fast as they are served" : "at their times",
    plural(tasks, "task")
  ]
})

/** One request. Returns how many of its pages failed. */
function* perform(
  { contents, device, lost, requests, writer }: Replay,
  task: Parameters<RawDevice["transfer"]>[0] & { readonly name: string },
  i: number,
  buffer: RawBuffer,
  client: { corrupted(who: { readonly name: string }, message: string): void }
): Sleeps<number> {
  const first = requests.page[i]
  const pages = requests.pages[i]
  const write = requests.write[i] === 1
  const versions: Array<number> = []
  for (let n = 0; n < pages; n++) {
    versions.push(write ? contents.begin(first + n) : contents.of(first + n))
    if (write) device.put(buffer, n, writer, versions[n])
  }
  const failed = yield* device.transfer(task, write, first, pages, buffer)
  for (let n = 0; n < pages; n++) {
    const version = versions[n]
    if (write) contents.end(first + n, version, failed > 0)
    else if (failed === 0 && version !== UNKNOWN && contents.of(first + n) === version) {
      const found = device.look(buffer, n, writer, version)
      if (found === "lost") lost.value++
      else if (found === "wrong") {
        client.corrupted(task, `page ${first + n} of the trace is not version ${version}, which was written there`)
      }
    }
  }
  return failed
}
