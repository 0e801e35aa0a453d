// Sizes, in bytes, at which a transmission does one thing or another. All were chosen by measuring.

/** Data of a READ from so many bytes on is sent from where it is. */
export const VIEW_BYTES = 32768
/** Replies of so many bytes are sent before the next request is looked at. */
export const SEND_BYTES = 1048576
/** What a cut request begins to be put together in; it doubles as bytes arrive, for a header costs a client nothing. */
export const FIRST_PAYLOAD_BYTES = 65536
/** No room is smaller: it is used again. Larger payloads of jobs are not copied out of it, but given away with it. */
export const LEAST_PAYLOAD_BYTES = 4096
/** A cut request's payload of at most so many bytes is kept for the next one where the store performs them at once. */
export const PROMPT_PAYLOAD_BYTES = 131072
/** A WRITE of so many bytes that is cut goes into its store as it comes, if that lends its memory. */
export const PLACED_BYTES = 32768
/** So many bytes of it are worth a read of their own. */
export const DIRECT_BYTES = 8192
