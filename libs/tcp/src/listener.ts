// A socket in LISTEN: makes a socket for each SYN, and hands it over once the connection stands.
// Modelled: a SYN that comes again (the SYN/ACK is sent again at once); one from an end that has forgotten a
//   connection that stands here: it gets an ACK, answers with a RST, and the next SYN begins a new one; a RST for what has an
//   ACK.
// Not modelled: the lengths of the two backlogs, accept(2) as a call that sleeps: whoever listens is told at once; the SYN/ACK
//   for an end that has given up, which it would answer with a RST.
// What that costs: a listener never drops a SYN for want of room, however many clients come at once.
// source: net/ipv4/tcp_ipv4.c:tcp_v4_conn_request, tcp_v4_hnd_req; net/ipv4/inet_connection_sock.c
import { endKey, type Listener, type NetStack, TCPHDR_ACK, TCPHDR_SYN } from "@swaplab/net-skb"
import type { Context } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import { TCP_ESTABLISHED, TCP_SYN_RECV } from "./constants.ts"
import { sendAck } from "./control.ts"
import { passiveOpen, resendSynack } from "./handshake.ts"
import type { TcpOptions } from "./tcp-options.ts"
import { TcpSocket } from "./tcp-sock.ts"

/** What a listener is told, and asks. */
export interface ListenerHooks {
  /** What the socket of a new connection is made with; `peer` is the end that asked. */
  options(peer: TcpSocket): TcpOptions
  /** The connection stands. */
  accept(socket: TcpSocket, peer: TcpSocket): void
}

/** A listening socket. Sockets that it has made stay when it is closed; those of connections that do not stand yet go. */
export class TcpListener implements Listener {
  /** Connections that stand, and those that were asked for. */
  accepted = 0
  asked = 0
  readonly #stack: NetStack
  readonly #port: number
  readonly #hooks: ListenerHooks
  /** The sockets it has made, by the end that asked. */
  readonly #children = new Map<number, TcpSocket>()

  constructor(stack: NetStack, port: number, hooks: ListenerHooks) {
    this.#stack = stack
    this.#port = port
    this.#hooks = hooks
  }

  /** listen(2), `inet_csk_listen_start`. */
  open(): void {
    this.#stack.services.open(this.#port, this)
  }

  /** close(2), `inet_csk_listen_stop`: half-open connections end with a RST when their peer says something. */
  close(ctx: Context): void {
    this.#stack.services.close(this.#port)
    for (const child of this.#children.values()) if (child.state === TCP_SYN_RECV) child.close(ctx)
  }

  rcv(ctx: Context, skb: number): void {
    const { packets, services, skbs } = this.#stack
    const frame = skbs.frame[skb]
    if ((packets.flags[frame] & (TCPHDR_SYN | TCPHDR_ACK)) === TCPHDR_SYN) {
      this.#syn(ctx, frame, endKey(packets.src[frame], packets.sport[frame]))
    } else {
      services.strays += skbs.gsoSegs[skb]
      if ((packets.flags[frame] & TCPHDR_ACK) !== 0) this.#stack.refuse(frame)
    }
    skbs.kfree(ctx, skb)
  }

  /** `tcp_v4_conn_request`. */
  #syn(ctx: Context, frame: number, key: number): void {
    const known = this.#children.get(key)
    if (known !== undefined && known.error === 0) {
      known.duplicates++
      if (known.state === TCP_ESTABLISHED) sendAck(known, ctx)
      else if (known.state === TCP_SYN_RECV) resendSynack(known, ctx)
      return
    }
    const { packets, services } = this.#stack
    const peer = packets.connecting.get(key)
    if (!(peer instanceof TcpSocket)) {
      services.withdrawn++
      return
    }
    this.asked++
    const child = new TcpSocket(this.#stack, this.#hooks.options(peer))
    this.#children.set(key, child)
    child.received = peer.sent
    peer.received = child.sent
    child.onState = () => {
      if (child.closed) {
        if (this.#children.get(key) === child) this.#children.delete(key)
      } else {
        assert(child.state === TCP_ESTABLISHED, "a connection changed to no known state")
        this.accepted++
        this.#hooks.accept(child, peer)
      }
    }
    if (passiveOpen(child, ctx, frame)) return
    services.withoutMemory++
    child.close(ctx)
  }
}
