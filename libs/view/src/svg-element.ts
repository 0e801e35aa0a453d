/** The element of an SVG file, without the declaration in front of it. */
export const elementOf = (svg: string): string => svg.slice(svg.indexOf("<svg"))
