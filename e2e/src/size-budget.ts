// The most that each package may take when it is installed, in KiB, without the packages of others that it needs: a
// twentieth to a fifth more than it takes. Whoever needs more raises the row, and a reader of the change sees it.

export const MOST_KIB: Readonly<Record<string, number>> = {
  blk: 220,
  cluster: 2800,
  command: 120,
  config: 340,
  experiment: 1480,
  formats: 220,
  kernel: 860,
  kmem: 160,
  lan: 340,
  live: 140,
  nbd: 520,
  "nbd-driver": 140,
  "nbd-server": 1520,
  "net-skb": 820,
  "page-alloc": 600,
  report: 1080,
  "server-model": 500,
  sim: 200,
  slab: 240,
  slub: 160,
  stats: 40,
  swap: 480,
  swaplab: 12700,
  tcp: 980,
  view: 100,
  vmscan: 380,
  workload: 700
}
