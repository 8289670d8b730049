/** The page's files: read once, with the first request for one, served from memory (usb-camera-server §4.1, §11). */

import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'
import type { PageAsset, PageAssets } from './ports.js'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
}

/** Shown by a build without the page: the service works, and says where. */
const BARE_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Camera</title>
<h1>Camera</h1>
<p><img src="/video_feed" alt="live picture">
<p><a href="/status">status</a>
</html>
`

/** Every file below `dir` that a page may consist of; a bare page when the folder is not there. */
async function loadPage(dir: string): Promise<PageAssets> {
  const assets = new Map<string, PageAsset>()
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => [])
  for (const entry of entries) {
    const type = TYPES[extname(entry.name)]
    if (!entry.isFile() || type === undefined) continue
    const file = join(entry.parentPath, entry.name)
    assets.set(relative(dir, file).split(sep).join('/'), asset(await readFile(file), type))
  }
  if (!assets.has('index.html')) assets.set('index.html', asset(Buffer.from(BARE_PAGE), TYPES['.html'] ?? ''))
  return assets
}

/** The same at each call; what could not be read is tried anew. */
export function pageOf(dir: string): () => Promise<PageAssets> {
  let page: Promise<PageAssets> | undefined
  return () => {
    page ??= loadPage(dir).catch((thrown: unknown) => {
      page = undefined
      throw thrown
    })
    return page
  }
}

function asset(bytes: Buffer, type: string): PageAsset {
  return { bytes, type, etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"` }
}
