// close(2): how it begins. What is modelled of it, and what follows, is in orphan.ts.
// source: net/ipv4/tcp.c:tcp_close
import { type Context, ECONNRESET } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import { TCP_ESTABLISHED, TIME_CLOSE } from "./constants.ts"
import { processPrequeue } from "./input.ts"
import { endCheck } from "./orphan.ts"
import { resetWriteTimer } from "./retransmit.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** close(2), `tcp_close`: the process that held the socket lets go. No task may be inside. What follows: orphan.ts. */
export const letGo = (sk: TcpSocket, ctx: Context): void => {
  assert(!sk.owned && !sk.readerWaiting && !sk.orphan, "closing a socket that a task uses, or twice")
  processPrequeue(sk, ctx)
  sk.orphan = true
  if (sk.error !== 0 || sk.state !== TCP_ESTABLISHED) {
    sk.die(ctx, ECONNRESET)
    resetWriteTimer(sk, TIME_CLOSE, 0)
    return
  }
  if (sk.readable > 0) {
    sk.abort(ctx)
    return
  }
  sk.shutdown()
  endCheck(sk, ctx)
}
