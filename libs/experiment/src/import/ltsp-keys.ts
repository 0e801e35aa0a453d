// Keys and sections by which a file is known to be of LTSP, or of nbd-server.
const SECTION = /^(default|clients|common|server|all|([0-9a-f]{2}[:-]){5}[0-9a-f]{2})$/i

/** A key of LTSP is in capitals. */
export const isLtspKey = (key: string): boolean => /^[A-Z][A-Z0-9_]+$/.test(key)

/** The section of all exports. */
export const isNbdServerSection = (section: string): boolean => section === "generic"

const MAC = /^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i

/** A section of one client. */
export const isClientSection = (section: string): boolean => MAC.test(section) || !SECTION.test(section)
