// hackbench: groups of senders and receivers that exchange small messages over socket pairs.
// Modelled: an skb for each message, its allocation and release on different CPUs, the limit of each socket, sleeping senders
//   and receivers; every sender writes to every receiver of its group in turn.
// Not modelled: its run as a whole (fork of all processes, an end after so many loops): it goes on at a given rate, because a
//   load in the background must leave CPU time to the others.
// source: hackbench.c (rt-tests)
import { field, whole } from "@swaplab/config"
import { NOTHING } from "../plug-in/plan.ts"
import { counts } from "../plug-in/shrink.ts"
import { workload } from "../plug-in/workload.ts"
import { LocalSocket } from "./local-socket.ts"

/** DATASIZE of hackbench. */
const MESSAGE_BYTES = 100

export const hackbench = workload({
  slot: "background",
  description: "hackbench: small messages between processes of the client.",
  options: {
    groups: field(whole(0, 100), 0, "Groups of senders and receivers."),
    descriptors: field(whole(1, 100), 20, "Senders, and receivers, of a group. 20 in hackbench."),
    messagesPerSecond: field(
      whole(1, 10_000_000),
      20_000,
      "All groups together. hackbench itself takes all CPU time; 20,000 take about a tenth of a CPU."
    )
  },
  swarm: { groups: [1], descriptors: [4], messagesPerSecond: [500, 2000] },
  switch: "groups",
  processes: () => NOTHING,
  start: ({ client, daemon, operations }, { descriptors, groups, messagesPerSecond }) => {
    const senders = groups * descriptors
    const roundNs = Math.ceil((senders * descriptors * 1e9) / messagesPerSecond)
    for (let group = 1; group <= groups; group++) {
      const sockets = Array.from(
        { length: descriptors },
        (_, i) => new LocalSocket(client, `hackbench-${group}.${i + 1}`)
      )
      sockets.forEach((socket, i) => {
        daemon(`hackbench-${group}.r${i + 1}`, function*(task) {
          for (;;) {
            yield* socket.receive(task)
            yield* task.condResched()
          }
        })
        daemon(`hackbench-${group}.s${i + 1}`, function*(task) {
          // not all senders at once
          yield* task.hold(1 + Math.floor((roundNs * i) / descriptors))
          for (;;) {
            const next = client.sim.now + roundNs
            for (const receiver of sockets) {
              if (yield* receiver.send(task, MESSAGE_BYTES)) operations.done++
              else operations.failed++
              yield* task.condResched()
            }
            yield* task.settle()
            yield* task.hold(Math.max(1, next - client.sim.now))
          }
        })
      })
    }
  },
  operations: { unit: "messages", latency: false },
  metrics: {},
  shrink: [counts("groups"), counts("descriptors")],
  describe: ({ groups, messagesPerSecond }) => [
    groups === 1 ? "1 group" : `${groups} groups`,
    `${messagesPerSecond} messages a second`
  ]
})
