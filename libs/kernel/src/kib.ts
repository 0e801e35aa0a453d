// Sizes as the files of /proc print them.

export const KIB_PER_PAGE = 4
/** THREAD_SIZE of x86_64. */
export const KIB_PER_STACK = 8
