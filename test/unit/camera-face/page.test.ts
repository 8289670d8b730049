import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pageOf } from '../../../src/camera-face/index.js'
import { ask } from '../../support/raw-http.js'
import { type Stage, stage } from './face.js'

const dir = mkdtempSync(join(tmpdir(), 'camera-page-'))
let current: Stage
beforeAll(async () => {
  writeFileSync(join(dir, 'index.html'), '<!doctype html><script type="module" src="/page/main.js"></script>')
  writeFileSync(join(dir, 'main.js'), 'export {}')
  writeFileSync(join(dir, 'main.js.map'), '{}')
  await mkdir(join(dir, 'parts'))
  writeFileSync(join(dir, 'parts/style.css'), 'p{}')
  current = await stage({ ports: { page: pageOf(dir) } })
})
afterAll(async () => {
  await current.close()
  rmSync(dir, { recursive: true })
})

describe('the page', () => {
  it.each([
    ['/', 'text/html; charset=utf-8', '<!doctype html>'],
    ['/?anything=1', 'text/html; charset=utf-8', '<!doctype html>'],
    ['/page/main.js', 'text/javascript; charset=utf-8', 'export {}'],
    ['/page/parts/style.css', 'text/css; charset=utf-8', 'p{}'],
  ])('%s is served as %s', async (target, type, beginning) => {
    const { status, headers, body } = await ask(current.port, 'GET', target)
    expect([status, headers['content-type'], body.startsWith(beginning)]).toEqual([200, type, true])
    expect(headers['x-content-type-options']).toBe('nosniff')
    expect(headers['referrer-policy']).toBe('no-referrer')
  })

  it('may load from here and run nothing that stands in it', async () => {
    const policy = (await ask(current.port, 'GET', '/')).headers['content-security-policy']?.split('; ')
    expect(policy).toEqual(
      expect.arrayContaining(["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'"]),
    )
    expect(policy).toEqual(expect.arrayContaining(["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"]))
    expect(policy?.join()).not.toContain('unsafe')
  })

  it('is sent once to those who keep it', async () => {
    const { etag = '' } = (await ask(current.port, 'GET', '/')).headers
    for (const known of [etag, `"other", W/${etag}`]) {
      const answer = await ask(current.port, 'GET', '/', { headers: { 'If-None-Match': known } })
      expect([answer.status, answer.body, answer.headers.etag]).toEqual([304, '', etag])
    }
    expect((await ask(current.port, 'GET', '/', { headers: { 'If-None-Match': '"other"' } })).status).toBe(200)
  })

  it('has no files but those of a page', async () => {
    expect((await ask(current.port, 'GET', '/page/main.js.map')).status).toBe(404)
    expect((await ask(current.port, 'GET', '/page/parts')).status).toBe(404)
  })

  it('is a bare one in a build without it', async () => {
    const page = await pageOf(join(dir, 'nowhere'))()
    expect([...page.keys()]).toEqual(['index.html'])
    expect(page.get('index.html')?.bytes.toString()).toContain('/video_feed')
  })
})
