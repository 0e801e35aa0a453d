// Fields of a CSV file, quoted where RFC 4180 wants it.
export const quote = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll("\"", "\"\"")}"` : text)
