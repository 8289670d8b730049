/** Names of files made by us: patterns of the contract (§12.2), and further names for one that is taken. Pure. */

/** `%device`, `%path`, `%timestamp` (Unix seconds), `%Y %m %d %H %M %S` (UTC) filled in. */
export function fillPattern(pattern: string, device: string, wallMs: number): string {
  const iso = new Date(wallMs).toISOString()
  const values: Record<string, string> = {
    device,
    path: device,
    timestamp: String(Math.floor(wallMs / 1000)),
    Y: iso.slice(0, 4),
    m: iso.slice(5, 7),
    d: iso.slice(8, 10),
    H: iso.slice(11, 13),
    M: iso.slice(14, 16),
    S: iso.slice(17, 19),
  }
  return pattern.replace(/%(device|path|timestamp|[YmdHMS])/g, (whole, key: string) => values[key] ?? whole)
}

/** The n-th name to try: the name itself, then `-2`, `-3`, … before the extension, if it has one. */
export function candidateName(filename: string, attempt: number): string {
  if (attempt === 1) return filename
  const dot = filename.lastIndexOf('.')
  return dot === -1 ? `${filename}-${attempt}` : `${filename.slice(0, dot)}-${attempt}${filename.slice(dot)}`
}
