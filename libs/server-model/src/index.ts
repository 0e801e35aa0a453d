/**
 * {@include ../README.md}
 *
 * @module @swaplab/server-model
 */
export { serverBusy, type ServerClient, ServerConnection } from "./connection.ts"
export { Disk } from "./disk.ts"
export {
  DISK_NAMES,
  diskByFigures,
  type DiskFigures,
  type DiskName,
  diskNamed,
  DISKS,
  type DiskShape,
  type ServiceTime
} from "./disks.ts"
export { type EmulatedExport, type ExportStats, ImageExport, type SwapExport } from "./exports.ts"
export { ContentsCheck, type Lie, type LieKind } from "./gateway/contents-check.ts"
export { type Gateway } from "./gateway/gateway.ts"
export {
  BLANK_ANSWER,
  type RemoteAnswer,
  RemoteEvent,
  type RemoteRequest,
  type RemoteServer
} from "./gateway/remote-server.ts"
export { answersOf, type ServerTraceData } from "./gateway/server-trace.ts"
export { type ServerHost } from "./host.ts"
export { type ServerImage, ServerMachine, type ServerMachineOptions, UPTIME_NS } from "./machine.ts"
export { SERVER_BUFFER_PAGES } from "./nbd-service.ts"
export { type PageCacheOptions } from "./page-cache-options.ts"
export { PageCache } from "./page-cache.ts"
export { replayEmulated } from "./replay.ts"
export { type ServerFaultCounts, type StoreFate } from "./server-life.ts"
export { type ServerCpu } from "./stations.ts"
export { type ServerCosts, SwapServer } from "./swap-server.ts"
export { serveConnection, type WorkerSocket } from "./worker.ts"
