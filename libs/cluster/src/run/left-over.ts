// What a client may still hold some time after its workload, where nothing else runs on it and its connection stands: nothing.
// Asked: requests and bios of its disks, swap that no process has, packets beside those of its receive ring, sockets of TCP
//   beside those of its connections.
// Not asked: the page cache, page tables and slabs that are empty, and swap slots that only the swap cache has. Linux keeps
//   those, too: a page that was under writeback when its process ended stays in the swap cache until reclaim finds it
//   (mm/swapfile.c:free_swap_and_cache).
import { TcpSocket } from "@swaplab/tcp"
import type { ClientRun } from "./client-run.ts"
import { connectionsOf } from "./connection.ts"
import { requestsInFlight } from "./progress.ts"
import type { LawResult } from "./result.ts"

/** Nothing else is under way there that would hold something for good reason. */
const quiet = ({ client, done, locked }: ClientRun): boolean =>
  done && !locked && client.power.booted && client.loads.length === 1 && !client.thin &&
  client.machine.userTasks.every((task) => task.finished || task.daemon) &&
  client.hogs.every(({ task }) => task === null || task.finished)

/** The law of one client; none where it does not apply. */
export const leftOver = (run: ClientRun): ReadonlyArray<LawResult> => {
  if (!quiet(run)) return []
  const { connection, machine } = run.client
  const { disk, net, nic, swap } = machine
  const requests = requestsInFlight(machine) + disk.requestPool.inUse()
  const bios = disk.bios.pool.inUse()
  const slots = swap.areas.reduce((sum, { map }) => sum + map.users(), 0)
  const packets = net.skbs.inUse - nic.rx.posted - nic.rx.arrived
  const sockets = [...net.sockets()].filter((socket) => socket instanceof TcpSocket).length
  const wanted = connectionsOf(connection).length
  return [{
    law: "nothing left over",
    subject: machine.name,
    holds: requests === 0 && bios === 0 && slots === 0 && packets <= 0 && sockets <= wanted,
    detail: `requests ${requests}, bios ${bios}, users of swap slots ${slots}, packets beside the receive ring ${
      Math.max(0, packets)
    }, sockets ${sockets} of ${wanted}`
  }]
}
