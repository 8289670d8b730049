/** The request target: path and query, read once at the edge. Pure. */

export interface Target {
  /** Decoded; starts with `/`. */
  readonly path: string
  /** With the leading `?`, as it came; empty without one. */
  readonly search: string
  readonly query: URLSearchParams
  /** Of an absolute-form target (`http://host/path`). */
  readonly authority?: string
}

const ABSOLUTE = /^http:\/\/([^/?#]*)(.*)$/i

/** Undefined for what names nothing: other forms, broken escapes, and escapes that would change what a segment is. */
export function parseTarget(text: string): Target | undefined {
  const absolute = ABSOLUTE.exec(text)
  const [rawPath, search] = split(absolute === null ? text : (absolute[2] ?? '') || '/')
  const path = decodePath(rawPath)
  if (path === undefined) return undefined
  const authority = absolute?.[1]
  return { path, search, query: new URLSearchParams(search), ...(authority === undefined ? {} : { authority }) }
}

function split(text: string): readonly [string, string] {
  const mark = text.indexOf('?')
  return mark < 0 ? [text, ''] : [text.slice(0, mark), text.slice(mark)]
}

function decodePath(raw: string): string | undefined {
  if (!raw.startsWith('/') || raw.includes('#')) return undefined
  const segments: string[] = []
  for (const segment of raw.split('/')) {
    const decoded = decodeSegment(segment)
    if (decoded === undefined) return undefined
    segments.push(decoded)
  }
  return segments.join('/')
}

/** A segment stays one segment, and means no other place. */
function decodeSegment(segment: string): string | undefined {
  let text = segment
  if (segment.includes('%')) {
    try {
      text = decodeURIComponent(segment)
    } catch {
      return undefined
    }
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused.
  return text === '.' || text === '..' || /[\u0000-\u001f\u007f/\\]/.test(text) ? undefined : text
}
