// Which cable of an aggregate a packet takes: the hashes of bonding's xmit_hash_policy, and those of a switch.
// Modelled: the policies as 3.5 has them. The result is taken modulo the number of cables. A switch has a few buckets for each: it
// takes the lowest three bits, as Cisco's Catalyst does, which with two or four cables is the same. Both directions of a
// conversation have the same hash, because addresses and ports go in by exclusive or.
// Not modelled: hashes that chips of switches make of a CRC; the rules for fragments, for IPv6, and for what is not IP.
// Machines have made-up addresses: IP addresses one after the other, as DHCP gives them, and a last byte of the MAC address by
// chance, as cards come out of their boxes. Of the two ports of a connection one is the server's, the other by chance, so their
// exclusive or is a number by chance for each connection.
// source: drivers/net/bonding/bond_main.c:bond_xmit_hash_policy_l2, bond_xmit_hash_policy_l23, bond_xmit_hash_policy_l34;
// net/core/secure_seq.c:secure_ipv4_port_ephemeral
import { IPPROTO_TCP, IPPROTO_UDP, type Packets } from "./packets.ts"

/** Addresses of the machines of a network, and the chance in its ports. */
export interface FlowAddresses {
  /** Last byte of a machine's MAC address. */
  readonly mac: (host: number) => number
  /** 32 bits that ephemeral ports are made of. */
  readonly portSecret: number
}

/** The two ends of a packet's way. */
type Policy = (of: FlowAddresses, src: number, sport: number, dst: number, port: number, transport: boolean) => number

const macs = (of: FlowAddresses, src: number, dst: number): number => of.mac(src) ^ of.mac(dst)

/** Lower half of the IP addresses 10.0.0.1 and on, by exclusive or. */
const ips = (src: number, dst: number): number => (((src + 1) ^ (dst + 1)) & 0xffff)

/** Both ports by exclusive or: the same in both directions. */
const ports = (of: FlowAddresses, src: number, sport: number, dst: number, port: number): number => {
  const first = src < dst
  let hash = of.portSecret ^ Math.imul(first ? src : dst, 0x9e3779b1)
  hash = Math.imul(hash ^ (hash >>> 15) ^ (first ? sport : port), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13) ^ (first ? dst : src), 0xc2b2ae35)
  hash = Math.imul(hash ^ (hash >>> 16) ^ (first ? port : sport), 0x85ebca6b)
  return (hash ^ (hash >>> 13)) >>> 16
}

/** The policies by their names in bonding, with their words for the reference. */
export const HASH_POLICIES = {
  layer2: {
    meaning: "the last bytes of the two MAC addresses: all that two machines say to each other takes one cable",
    of: ((of, src, _, dst) => macs(of, src, dst)) as Policy
  },
  "layer2+3": {
    meaning: "the MAC and IP addresses: the same, spread otherwise",
    of: ((of, src, _, dst) => macs(of, src, dst) ^ ips(src, dst)) as Policy
  },
  "layer3+4": {
    meaning: "the IP addresses and the ports: each connection takes one cable",
    of:
      ((of, src, sport, dst, port, transport) =>
        (transport ? ports(of, src, sport, dst, port) : 0) ^ ips(src, dst)) as Policy
  }
} as const

/** The name of a policy. */
export type HashPolicy = keyof typeof HASH_POLICIES

const isHashPolicy = (name: string): name is HashPolicy => Object.hasOwn(HASH_POLICIES, name)

/** Names of all policies; the first is bonding's default. */
export const HASH_POLICY_NAMES: ReadonlyArray<HashPolicy> = Object.keys(HASH_POLICIES).filter(isHashPolicy)

/** The hash of what a machine's bond sends, by its headers. */
export type XmitHash = (src: number, sport: number, dst: number, port: number, proto: number) => number

const hasPorts = (proto: number): boolean => proto === IPPROTO_TCP || proto === IPPROTO_UDP

/** bonding's hash under a policy. */
export const xmitHash = (policy: HashPolicy, addresses: FlowAddresses): XmitHash => {
  const { of } = HASH_POLICIES[policy]
  return (src, sport, dst, port, proto) => of(addresses, src, sport, dst, port, hasPorts(proto))
}

/** A switch has so many buckets. */
const BUCKETS_MASK = 7

/** A switch's hash of a frame under a policy. */
export const frameHash = (
  policy: HashPolicy,
  addresses: FlowAddresses,
  packets: Packets
): (frame: number) => number => {
  const hash = xmitHash(policy, addresses)
  return (frame) => {
    const { dst, port, proto, sport, src } = packets
    return hash(src[frame], sport[frame], dst[frame], port[frame], proto[frame]) & BUCKETS_MASK
  }
}
