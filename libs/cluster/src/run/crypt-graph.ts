// The part of the wait-for graph that is dm-crypt: its pools, and the threads that every page to or from the disk passes.
//
//   a page of dm-crypt's pool, an io, a crypto request → whatever is under way: a write that ends gives its page back
//   a page that is to be encrypted or decrypted → kcryptd, which may itself wait for a clone, a page or a request slot
import { plural } from "@swaplab/config"
import type { KernelTask, Machine } from "@swaplab/kernel"
import type { WaitQueue } from "@swaplab/sim"
import type { WaitNodeKind } from "./wait-graph.ts"

/** What is needed of the builder of a graph. */
export interface GraphBuilder {
  readonly machine: Machine
  edge(from: string, to: string, label: string): void
  node(id: string, kind: WaitNodeKind, title: string, lines: ReadonlyArray<string>): boolean
  mempool(pool: NonNullable<Machine["swapSetup"]["crypt"]>["pagePool"]): string
  task(task: KernelTask): string
}

/** A thread of dm-crypt that has nothing to do. */
export const idleCrypt = ({ swapSetup: { crypt } }: Machine, { waitingOn }: KernelTask): boolean =>
  crypt !== null && waitingOn !== null &&
  (waitingOn === crypt.submit.wait || crypt.crypt.some(({ wait }) => wait === waitingOn))

/** Whatever waits for a page to be written or read: pages that kcryptd has yet to encrypt or decrypt. */
export const waitForCrypt = (builder: GraphBuilder, from: string, label: string): void => {
  const { cryptTasks, swapSetup: { crypt } } = builder.machine
  if (crypt === null) return
  const work = crypt.crypt.map((_, cpu) => crypt.workOf(cpu))
  const pages = work.reduce((sum, n) => sum + n, 0)
  if (pages === 0) return
  const id = "kcryptd work"
  const title = `${plural(pages, "page")} with kcryptd`
  if (builder.node(id, "requests", title, ["to be encrypted or decrypted"])) {
    for (const [cpu, n] of work.entries()) {
      if (n > 0) builder.edge(id, builder.task(cryptTasks[cpu]), "encrypts and decrypts them one by one")
    }
  }
  builder.edge(from, id, label)
}

/** The edge of a task that waits for something of dm-crypt. False: it does not. */
export const needsCrypt = (builder: GraphBuilder, id: string, queue: WaitQueue): boolean => {
  const { crypt } = builder.machine.swapSetup
  if (crypt === null) return false
  const pools = [
    [crypt.pagePool, "a page to encrypt into"],
    [crypt.ioPool, "an io of dm-crypt"],
    [crypt.reqPool, "a crypto request"],
    [crypt.bios.pool, "a bio"]
  ] as const
  for (const [pool, label] of pools) {
    if (queue !== pool.wait) continue
    builder.edge(id, builder.mempool(pool), label)
    return true
  }
  return false
}
