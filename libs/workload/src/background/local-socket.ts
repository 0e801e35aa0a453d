// One direction of a socket pair within a machine: what it takes is an skb for each message.
// Modelled: the head and data of each skb with GFP_KERNEL, the sender's limit in truesize, sleeping on both sides.
// Not modelled: reading several messages at once, credentials, garbage collection of passed descriptors.
// source: net/unix/af_unix.c:unix_stream_sendmsg, unix_stream_recvmsg; net/core/sock.c:sock_alloc_send_pskb
import type { KernelTask } from "@swaplab/kernel"
import { NO_SKB } from "@swaplab/net-skb"
import { GFP_KERNEL } from "@swaplab/page-alloc"
import { type Sleeps, WaitQueue } from "@swaplab/sim"
import type { ClientPort } from "../plug-in/host.ts"

/** wmem_default. */
const SNDBUF = 212_992
/** One system call on a stream socket without its copy. */
const SYSCALL_NS = 800

export class LocalSocket {
  readonly #client: Pick<ClientPort, "sim" | "net">
  readonly #readable: WaitQueue
  readonly #writable: WaitQueue
  #head = NO_SKB
  #tail = NO_SKB
  /** Truesize of what is in the queue. */
  #wmem = 0

  constructor(client: Pick<ClientPort, "sim" | "net">, name: string) {
    this.#client = client
    this.#readable = new WaitQueue(client.sim, `${name} sk_sleep[read]`, "a message")
    this.#writable = new WaitQueue(client.sim, `${name} sk_sleep[write]`, "the reader")
  }

  /** Sends a message. False: no memory. */
  *send(task: KernelTask, bytes: number): Sleeps<boolean> {
    const { skbs } = this.#client.net
    task.ns += SYSCALL_NS
    while (this.#wmem >= SNDBUF) yield* this.#writable.sleep(task, "interruptible")
    const skb = yield* skbs.allocSkb(task, bytes, GFP_KERNEL, 0)
    if (skb < 0) return false
    this.#wmem += skbs.truesize[skb]
    skbs.next[skb] = NO_SKB
    if (this.#tail === NO_SKB) this.#head = skb
    else skbs.next[this.#tail] = skb
    this.#tail = skb
    this.#readable.wakeOne()
    return true
  }

  /** Takes one message. */
  *receive(task: KernelTask): Sleeps<void> {
    const { skbs } = this.#client.net
    task.ns += SYSCALL_NS
    while (this.#head === NO_SKB) yield* this.#readable.sleep(task, "interruptible")
    const skb = this.#head
    this.#head = skbs.next[skb]
    if (this.#head === NO_SKB) this.#tail = NO_SKB
    this.#wmem -= skbs.truesize[skb]
    skbs.kfree(task, skb)
    this.#writable.wakeOne()
  }
}
