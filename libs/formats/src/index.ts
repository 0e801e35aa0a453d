/**
 * {@include ../README.md}
 *
 * @module @swaplab/formats
 */
export { type Read, type Unread } from "./read.ts"

// traces of block devices
export { isBlkparse, readBlkparse } from "./blkparse.ts"
export { type BlockRequest, type BlockTrace } from "./block-trace.ts"
export { isFtrace, readFtrace } from "./ftrace.ts"
export { isIolog, readIolog, writeIolog } from "./iolog.ts"
export { isPageCsv, readPageCsv } from "./page-csv.ts"
export { isTrdump, readTrdump } from "./trdump.ts"

// captures of a network
export { isCapture } from "./capture-file.ts"
export { type EndPoint, otherFrame, tcpFrame, udpFrame } from "./ethernet.ts"
export { readNbdCapture } from "./nbd-capture.ts"
export { type CaptureInterface, pcapngHead, pcapngPacket, PcapngWriter } from "./pcapng.ts"

// the memory and the card of a machine
export { isLspci, readLspci } from "./lspci.ts"
export { isMemInfo, readMemInfo } from "./mem-info.ts"
export { joinFacts, type MemoryFacts, type SlabFacts, type ZoneFacts } from "./memory-facts.ts"
export { isMeminfo, isSlabinfo, isZoneinfo, readMeminfo, readSlabinfo, readZoneinfo } from "./proc-files.ts"

// configurations
export { isDnsmasq, readDnsmasq } from "./dnsmasq.ts"
export { type IniEntry, readIni } from "./ini.ts"
