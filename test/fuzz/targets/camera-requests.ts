/** Requests of the camera face: target, Host, origin, credentials, query, and bodies of JSON by three readers that must agree. */

import assert from 'node:assert/strict'
import { isIPv6 } from 'node:net'
import type { Identity } from '../../../src/auth/index.js'
import { isStrictJson } from '../../../src/auth/strict-json.js'
import { ServiceError } from '../../../src/base/errors.js'
import { type Access, AccessControl, demandRole } from '../../../src/camera-face/access/access.js'
import { judgeHost, parseHost } from '../../../src/camera-face/access/hosts.js'
import { HttpFault } from '../../../src/camera-face/errors.js'
import { jsonObject } from '../../../src/camera-face/request/json-object.js'
import { jsonFaultOffset } from '../../../src/camera-face/request/json-offset.js'
import { repeatedKeys } from '../../../src/camera-face/request/json-repeats.js'
import { flagOf, labelOf, numberOf } from '../../../src/camera-face/request/parameters.js'
import { parseTarget } from '../../../src/camera-face/request/target.js'
import type { FuzzTarget } from '../engine/target.js'

const ANY_DEPTH = 1_000_000
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/
const refuse = (): never => {
  throw new ServiceError('AUTH_FAILED', { details: 'nobody is known' })
}
/** The only credential, and the only ticket, that is good. */
const KNOWN = 'known'
const VIEWER: Identity = { userId: 'ann', role: 'viewer', expiresAtMs: 1 }
const control = new AccessControl({
  auth: 'strict',
  credentials: { verify: (credential) => (credential === KNOWN ? VIEWER : refuse()) },
  tickets: { redeem: (value) => (value === KNOWN ? { identity: VIEWER } : undefined) },
  clock: { wallMs: () => 0 },
})

/** Head and body as they come, without the first line's version. */
const request = (target: string, headers: string, body = ''): string => `${target}\n${headers}\n\n${body}`

export const target: FuzzTarget = {
  parsers: [
    'src/camera-face/request/target.ts',
    'src/camera-face/request/parameters.ts',
    'src/camera-face/request/json-offset.ts',
    'src/camera-face/request/json-repeats.ts',
    'src/camera-face/request/json-object.ts',
    'src/camera-face/access/hosts.ts',
    'src/camera-face/access/access.ts',
    'src/auth/strict-json.ts',
  ],
  seeds: [
    request('/video_feed?camera=camera0&fps=5.5&label=door', 'host: localhost:8000\norigin: http://localhost:8000'),
    request('http://cam.example:8000/cameras/camera0/config?a=%C3%A4', 'host: [::1]:8000\nauthorization: Bearer a.b.c'),
    request('/config', 'host: www.cam.example\nx-api-key: k\nsec-fetch-site: same-origin', '{"camera":{"fps":30,"width":640}}'),
    request('/video_feed?camera=1&ticket=known', 'host: 10.0.0.1', '{"a":1,"a":2}'),
    request('/video_feed?camera=0&fps=61&label=%01&ticket=other', 'host: localhost\norigin: http://localhost', '7'),
    request('/%ff', 'host: [::g]\nauthorization: Bearer known', '{"a":1'),
    request('/config', 'host: localhost\nauthorization: Basic a2V5'),
    request('/config', 'host: localhost', '{}'),
    request('/%2e%2e/x', 'host: 127.1\nx-forwarded-for: 10.0.0.1', '[{"a":1,"\\u0061":[true,null,-1.5e+3]},"\\ud800"]'),
  ],
  words: [
    ...[
      '\n',
      '\n\n',
      'host: ',
      'origin: ',
      'authorization: ',
      'x-forwarded-for: ',
      'forwarded: ',
      'Bearer ',
      'known',
      '&ticket=',
      'null',
      'localhost',
      '[::1]',
    ],
    ...[
      '%2f',
      '%2e',
      '%5c',
      '%00',
      '%ff',
      '?',
      '#',
      '&camera=',
      '&fps=',
      '*.',
      'http://',
      '..',
      '{"a":',
      ',"a":',
      '"\\u0061"',
      '\\"',
      '}',
      ']',
    ],
  ],
  run(input) {
    const text = input.toString()
    const [head = '', ...rest] = text.split('\n\n')
    const [first = '', ...lines] = head.split('\n')
    // What is no name of a header, the HTTP library has refused before.
    const pairs = lines.map(
      (line) => [line.split(': ', 1)[0]?.toLowerCase() ?? '', line.split(': ').slice(1).join(': ')] as const,
    )
    const headers = Object.fromEntries(pairs.filter(([name]) => HEADER_NAME.test(name)))

    const parsed = parseTarget(first)
    if (parsed !== undefined) {
      assert.match(parsed.path, /^\//)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not come through.
      assert.ok(!/[\u0000-\u001f\u007f\\]/.test(parsed.path) && !/(^|\/)\.\.?(\/|$)/.test(parsed.path), parsed.path)
      const fps = refusable(() => numberOf(parsed.query, 'fps', { min: 1, max: 60 }))
      assert.ok(fps === undefined || (fps >= 1 && fps <= 60))
      refusable(() => flagOf(parsed.query, 'camera'))
      const label = refusable(() => labelOf(parsed.query, 'label'))
      assert.ok(label === undefined || label.length <= 64)
    }

    const hostHeader = headers.host ?? ''
    const host = parseHost(hostHeader)
    if (host !== undefined) {
      assert.ok(isIPv6(host.name) || /^[a-z0-9._~-]+$/.test(host.name))
      if (judgeHost(host.name, ['*.cam.example']) === 'ok') assert.match(host.name, /\.cam\.example$/)
    }
    const value = parsed?.query.get('ticket') ?? undefined
    const ticket = value === undefined ? undefined : { value, purpose: 'video' }
    const from = (address: string): string | undefined => {
      const asking = { address, hostName: host?.name, hostHeader, headers }
      return refusable(() => {
        const access = control.of(asking, ticket) as Access
        assert.equal(
          refusable(() => demandRole(access, 'admin') ?? 'may'),
          access.role === 'admin' ? 'may' : undefined,
        )
        return access.role
      })
    }
    const carries = value === KNOWN || headers['x-api-key'] === KNOWN || /^bearer +known *$/i.test(headers.authorization ?? '')
    const shown = carries ? 'viewer' : undefined
    assert.ok([undefined, shown].includes(from('10.0.0.9')), 'open to another machine')
    const forwarded = Object.keys(headers).some((name) => /^(x-forwarded-|forwarded$|via$|x-real-ip$)/.test(name))
    const near = from('127.0.0.1')
    if (forwarded || host === undefined) assert.ok([undefined, shown].includes(near), 'open behind a proxy')
    const foreign = headers.origin !== undefined && !headers.origin.endsWith(`://${hostHeader.toLowerCase()}`)
    if (foreign) assert.notEqual(near, 'admin', 'open to a page of somebody else')

    readers(Buffer.from(rest.join('\n\n')))
  },
}

function readers(body: Buffer): void {
  const text = body.toString()
  let value: unknown
  let good = true
  try {
    value = JSON.parse(text)
  } catch {
    good = false
  }
  const offset = jsonFaultOffset(text)
  assert.ok(offset >= 0 && offset <= text.length)
  if (good) assert.equal(offset, text.length)
  if (good) assert.equal(repeatedKeys(text).length === 0, isStrictJson(text, ANY_DEPTH))
  const object = refusable(() => jsonObject(body))
  if (object !== undefined) assert.deepEqual(object, value)
}

/** What is taken; undefined for what is refused as it should be. */
function refusable<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch (thrown) {
    if (thrown instanceof HttpFault || thrown instanceof ServiceError) return undefined
    throw thrown
  }
}
