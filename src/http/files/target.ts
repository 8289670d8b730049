/** Which file a path names. Pure: nothing of it has been near a disk. */

export type StoredKind = 'recording' | 'snapshot'

export interface FileTarget {
  readonly kind: StoredKind
  /** Decoded once. May still be none that is allowed: whoever looks it up judges. */
  readonly name: string
}

const KINDS: Readonly<Record<string, StoredKind>> = { recordings: 'recording', snapshots: 'snapshot' }

/** `invalid`: the name is none; undefined: no such folder. `path` is as it was sent. */
export function fileTarget(path: string): FileTarget | 'invalid' | undefined {
  const [, folder = '', rest] = /^\/files\/([^/]*)(?:\/(.*))?$/s.exec(path) ?? []
  const kind = Object.hasOwn(KINDS, folder) ? KINDS[folder] : undefined
  if (kind === undefined) return /%|\.\.|\\/.test(folder) ? 'invalid' : undefined
  const name = decoded(rest ?? '')
  return name === undefined || name === '' || /[/\\]/.test(name) || name.includes('..') ? 'invalid' : { kind, name }
}

/** The same path, however it was written. */
export function canonicalPath({ kind, name }: FileTarget): string {
  return `/files/${kind}s/${encodeURIComponent(name)}`
}

/** Undefined for what is no UTF-8, and for names with control characters. */
function decoded(text: string): string | undefined {
  try {
    const name = decodeURIComponent(text)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused.
    return /[\u0000-\u001f\u007f]/.test(name) ? undefined : name
  } catch {
    return undefined
  }
}
