// Early retransmit (RFC 5827): with fewer than four segments in flight and nothing to send there are never three repeated ACKs.
// All but one of the segments SACKed are enough then; with tcp_early_retrans = 2 a quarter of a round trip later, at least 2 ms,
// in case the one is only late.
// source: net/ipv4/tcp_input.c:tcp_pause_early_retransmit, tcp_resume_early_retransmit; include/net/tcp.h:tcp_enable_early_retrans
import type { Context } from "@swaplab/page-alloc"
import { EARLY_RETRANS_MIN, TCP_FASTRETRANS_THRESH, TIME_RETRANS } from "./constants.ts"
import { updateScoreboard } from "./mark-lost.ts"
import { enterRecovery } from "./recovery.ts"
import { rearmRto, resetWriteTimer, xmitRetransmitQueue } from "./retransmit.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** `tcp_enable_early_retrans`: not where reordering is expected. */
export const enableEarlyRetrans = (sk: TcpSocket): void => {
  const { sysctls } = sk.stack
  sk.doEarlyRetrans = sysctls["net.ipv4.tcp_early_retrans"] > 0 &&
    sysctls["net.ipv4.tcp_reordering"] === TCP_FASTRETRANS_THRESH
  sk.earlyRetransDelayed = false
}

/** `tcp_pause_early_retransmit`: true, and the timer runs; false: at once, because nothing was measured or the time-out is nearer. */
export const pauseEarlyRetransmit = (sk: TcpSocket): boolean => {
  const { sim, sysctls } = sk.stack
  if (sysctls["net.ipv4.tcp_early_retrans"] < 2 || sk.srtt === 0) return false
  const delay = Math.max((sk.srtt >> 5) * sim.tickNs, EARLY_RETRANS_MIN)
  if (sk.writeTimer.deadline <= sim.queue.now + sim.jiffies(delay)) return false
  resetWriteTimer(sk, TIME_RETRANS, delay)
  sk.earlyRetransDelayed = true
  return true
}

/** `tcp_resume_early_retransmit`: the time is over. */
export const resumeEarlyRetransmit = (sk: TcpSocket, ctx: Context): void => {
  rearmRto(sk)
  if (!sk.doEarlyRetrans) return
  enterRecovery(sk)
  updateScoreboard(sk, ctx, true)
  xmitRetransmitQueue(sk, ctx)
}
