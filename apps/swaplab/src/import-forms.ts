// What `swaplab import` reads, in words: written here once more because help does without the readers. A test compares.

/** The forms, as the table of libs/experiment/src/import/forms.ts has them. */
export const IMPORTED =
  "a capture (pcap, pcapng) of port 10809; an iolog of fio, version 2 or 3; text of nbd-trdump; text of blkparse; text of ftrace or perf script with block_rq_issue; a page trace (CSV with the heading t,client,page,rw); a kernel log with "
  + "Mem-Info (page allocation failure, OOM killer); /proc/zoneinfo; /proc/meminfo; /proc/slabinfo; lspci, the line of the network "
  + "card, or lspci -k; config of nbd-server; lts.conf or ltsp.conf; nbdswapd.conf; hosts of dnsmasq (dhcp-host)"
