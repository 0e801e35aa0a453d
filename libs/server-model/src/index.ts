// Contents page of @swaplab/server-model, in reading order.
export { Disk, type DiskKind, type DiskShape, diskShapes } from "./disk.ts"
export { type ServerHost } from "./host.ts"
export {
  serverBusy,
  type ServerClient,
  type ServerConnection,
  ServerMachine,
  type ServerMachineOptions
} from "./machine.ts"
export { PageCache, type PageCacheOptions } from "./page-cache.ts"
export { replayEmulated } from "./replay.ts"
export { ServerCores, type ServerCpu, Stations } from "./stations.ts"
export {
  type EmulatedExport,
  NBD_SERVER_COSTS,
  requestCpuNs,
  type ServerCosts,
  ServerStats,
  SwapServer
} from "./swap-server.ts"
export { serveConnection, type WorkerSocket } from "./worker.ts"
