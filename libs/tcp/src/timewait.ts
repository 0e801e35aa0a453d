// A socket whose connection has ended gives way to one in TIME_WAIT.
// source: net/ipv4/tcp_minisocks.c:tcp_time_wait
import type { Context } from "@swaplab/page-alloc"
import type { Nanoseconds } from "@swaplab/sim"
import { TCP_CLOSE, TCP_TIME_WAIT, TCP_TIMEWAIT_LEN, TIME_NONE } from "./constants.ts"
import { DeathRow } from "./death-row.ts"
import type { TcpSocket } from "./tcp-sock.ts"
import { TimewaitSock } from "./timewait-sock.ts"

/** The row of a machine: made when it is first needed. */
const rowOf = (sk: TcpSocket): DeathRow => {
  const { stack } = sk
  if (stack.timewait instanceof DeathRow) return stack.timewait
  const row = new DeathRow(stack)
  stack.timewait = row
  return row
}

/**
 * `tcp_time_wait`: from here on a socket in TIME_WAIT, or in FIN_WAIT2 for `timeNs`, has the number. Without memory for it nobody
 * has. The socket itself is done (`tcp_done`): a process that still holds it may read what is there.
 */
export const timeWait = (sk: TcpSocket, ctx: Context, substate: number, timeNs: Nanoseconds): void => {
  const object = sk.stack.skbs.memory.tryTimewaitSock(ctx)
  if (object < 0) {
    sk.mib.TCPTimeWaitOverflow++
  } else {
    const row = rowOf(sk)
    sk.timewait = new TimewaitSock(row, sk, substate, object)
    row.schedule(sk.timewait, substate === TCP_TIME_WAIT ? TCP_TIMEWAIT_LEN : Math.max(timeNs, 3.5 * sk.rto))
  }
  sk.state = TCP_CLOSE
  sk.writeTimer.cancel()
  sk.delackTimer.cancel()
  sk.keepaliveTimer?.cancel()
  sk.writePending = TIME_NONE
}
