// Contents page of @swaplab/workload, in reading order.
export { type HackbenchOptions, startHackbench } from "./background/hackbench.ts"
export { type IozoneOptions, startIozone } from "./background/iozone.ts"
export { type KernelBuildOptions, startKernelBuild } from "./background/kernel-build.ts"
export { Load } from "./background/load.ts"
export { startTcpReader, startUdpReader } from "./background/netserver.ts"
export { startSysbench, type SysbenchOptions } from "./background/sysbench.ts"
export { tokenWriter, usemem, type UsememExit, type UsememOptions } from "./usemem.ts"
