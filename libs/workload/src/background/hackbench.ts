// hackbench: groups of senders and receivers that exchange small messages over socket pairs.
// Modelled: an skb for each message, its allocation and release on different CPUs, the limit of each socket, sleeping senders
//   and receivers; every sender writes to every receiver of its group in turn.
// Not modelled: its run as a whole (fork of all processes, an end after so many loops): it goes on at a given rate, because a
//   load in the background must leave CPU time to the others.
// source: hackbench.c (rt-tests)
import type { Machine } from "@swaplab/kernel"
import { Load, startDaemon } from "./load.ts"
import { LocalSocket } from "./local-socket.ts"

export interface HackbenchOptions {
  readonly groups: number
  /** Senders, and receivers, of a group. 20 in hackbench. */
  readonly descriptors: number
  /** All groups together. */
  readonly messagesPerSecond: number
}

/** DATASIZE of hackbench. */
const MESSAGE_BYTES = 100

/** Starts hackbench on a machine. `done` counts messages sent. */
export const startHackbench = (machine: Machine, options: HackbenchOptions): Load => {
  const load = new Load("hackbench", "messages")
  const { groups, descriptors, messagesPerSecond } = options
  const senders = groups * descriptors
  const roundNs = Math.ceil((senders * descriptors * 1e9) / messagesPerSecond)
  for (let group = 1; group <= groups; group++) {
    const sockets = Array.from(
      { length: descriptors },
      (_, i) => new LocalSocket(machine, `hackbench-${group}.${i + 1}`)
    )
    sockets.forEach((socket, i) => {
      startDaemon(machine, `hackbench-${group}.r${i + 1}`, function*(task) {
        for (;;) {
          yield* socket.receive(task)
          yield* task.condResched()
        }
      })
      startDaemon(machine, `hackbench-${group}.s${i + 1}`, function*(task) {
        // not all senders at once
        yield* task.hold(1 + Math.floor((roundNs * i) / descriptors))
        for (;;) {
          const next = machine.sim.now + roundNs
          for (const receiver of sockets) {
            if (yield* receiver.send(task, MESSAGE_BYTES)) load.done++
            else load.failed++
            yield* task.condResched()
          }
          yield* task.settle()
          yield* task.hold(Math.max(1, next - machine.sim.now))
        }
      })
    })
  }
  return load
}
