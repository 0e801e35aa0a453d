// Error numbers of Linux, as all parts of an emulated kernel use them; negative where a function returns one.
// source: include/asm-generic/errno-base.h, include/asm-generic/errno.h

export const EINTR = 4
export const EIO = 5
export const EAGAIN = 11
export const ENOMEM = 12
export const EPIPE = 32
/** Invalid request descriptor: what the NBD driver makes of a reply that it did not expect. */
export const EBADR = 53
export const EPROTO = 71
export const ECONNRESET = 104
export const ENOBUFS = 105
export const ETIMEDOUT = 110
export const ECONNREFUSED = 111
