/** The headers of a file, and those that let pages of other origins read it. Pure. */

import { extname } from 'node:path'
import type { Call } from '../routes.js'
import { etagOf, type FileState, lastModified } from './conditions.js'

const TYPES: Readonly<Record<string, string>> = {
  '.mp4': 'video/mp4',
  '.fmp4': 'video/mp4',
  '.mkv': 'video/x-matroska',
  '.ts': 'video/mp2t',
  '.avi': 'video/x-msvideo',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.bmp': 'image/bmp',
}

export function fileHeaders(name: string, state: FileState): Readonly<Record<string, string>> {
  return {
    'Content-Type': TYPES[extname(name).toLowerCase()] ?? 'application/octet-stream',
    'Content-Disposition': disposition(name),
    'Accept-Ranges': 'bytes',
    ETag: etagOf(state),
    'Last-Modified': lastModified(state),
  }
}

/** Private pictures: nobody keeps a copy, and nobody takes them for something else. */
export const PRIVATE = { 'Cache-Control': 'private, no-store', 'X-Content-Type-Options': 'nosniff' } as const

/** Nothing for origins that are not allowed: their pages cannot read the answer. */
export function corsHeaders({ headers, method }: Pick<Call, 'headers' | 'method'>, allowed: readonly string[]) {
  const origin = headers.get('origin')
  if (origin === '') return {}
  const vary = { Vary: 'Origin' }
  if (origin === 'null' || !(allowed.includes(origin) || allowed.includes('*'))) return vary
  const preflight = {
    'Access-Control-Allow-Methods': 'GET, POST, OPTIONS',
    'Access-Control-Allow-Headers': 'Authorization, Content-Type, X-API-Key, Range',
    'Access-Control-Max-Age': '600',
  }
  const exposed = { 'Access-Control-Expose-Headers': 'Content-Disposition, Content-Range, ETag, Accept-Ranges' }
  return { ...vary, 'Access-Control-Allow-Origin': origin, ...(method === 'OPTIONS' ? preflight : exposed) }
}

function disposition(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\]/g, '_')
  const exact = plain === name ? '' : `; filename*=UTF-8''${encodeURIComponent(name).replace(/['()*]/g, encodeByte)}`
  return `attachment; filename="${plain}"${exact}`
}

function encodeByte(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
}
