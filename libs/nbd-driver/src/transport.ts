import type { PageToken, Task } from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"

/**
 * A connected stream socket as the NBD driver uses it. A stream carries headers as real bytes and
 * pages as their tokens; both ends agree on where pages lie, so a page is received as a page.
 *
 * Every method moves all that was asked for, or returns 0 (the peer has closed) or a negative errno. A short count of
 * bytes is asked for again; a short count of a page means that the connection ended inside it.
 */
export interface Transport {
  /** sk->sk_allocation: the gfp mask with which the socket allocates. */
  skAllocation: number
  /** SOCK_MEMALLOC. */
  readonly memalloc: boolean
  /** sk_set_memalloc. */
  setMemalloc(): void
  /** kernel_sendmsg; `more` is MSG_MORE. */
  sendBytes(task: Task, bytes: Uint8Array, more: boolean): Sleeps<number>
  /** Sends 4096 bytes, the page with this token. */
  sendPage(task: Task, tokenWriter: number, tokenVersion: number, more: boolean): Sleeps<number>
  /** kernel_recvmsg with MSG_WAITALL. */
  recvBytes(task: Task, into: Uint8Array): Sleeps<number>
  /** Receives 4096 bytes: the token of the page. */
  recvPage(task: Task, out: PageToken): Sleeps<number>
  /** Shuts both directions down. Tasks that sleep in the calls above are woken and get an error. */
  shutdown(): void
}
