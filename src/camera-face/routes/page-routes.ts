/** The page at `/`; what it consists of lies below `/page/`. Open to everybody: it holds nothing of the installation. */

import { FAULTS } from '../errors.js'
import type { FacePorts, PageAsset } from '../ports.js'
import type { Call, Reply, Route } from '../request/call.js'

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const HEADERS = {
  'Content-Security-Policy': POLICY,
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  // Kept, and asked for anew each time: a new version is seen at once.
  'Cache-Control': 'no-cache',
} as const

export function pageRoutes(page: FacePorts['page']): readonly Route[] {
  const serve = (name: string) => async (call: Call) => answer((await page()).get(name), call)
  return [
    {
      method: 'GET',
      path: '/',
      role: undefined,
      handler: serve('index.html'),
      doc: 'The page. With action=stream or action=snapshot as /video_feed or /snapshot.',
      query: [{ name: 'action', doc: 'The URL form of older camera programs.', schema: { enum: ['stream', 'snapshot'] } }],
    },
    {
      method: 'GET',
      path: '/page/{file...}',
      role: undefined,
      handler: (call) => serve(call.params.file ?? '')(call),
      doc: 'A file of the page.',
    },
  ]
}

function answer(asset: PageAsset | undefined, { headers }: Call): Reply {
  if (asset === undefined) throw FAULTS.notFound()
  const shared = { ...HEADERS, ETag: asset.etag }
  if (isKnown(headers['if-none-match'], asset.etag)) return { status: 304, headers: shared }
  return { status: 200, headers: { ...shared, 'Content-Type': asset.type }, body: asset.bytes }
}

function isKnown(header: string | readonly string[] | undefined, etag: string): boolean {
  return String(header ?? '')
    .split(',')
    .some((entry) => entry.trim().replace(/^W\//, '') === etag)
}
