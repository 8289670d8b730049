/** What comes from outside as text: targets, hosts, paths, broken JSON, parameters. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isLoopbackName, judgeHost, parseHost } from '../../../../src/camera-face/access/hosts.js'
import type { Route } from '../../../../src/camera-face/request/call.js'
import { jsonFaultOffset } from '../../../../src/camera-face/request/json-offset.js'
import { flagOf, numberOf } from '../../../../src/camera-face/request/parameters.js'
import { Router } from '../../../../src/camera-face/request/router.js'
import { parseTarget } from '../../../../src/camera-face/request/target.js'
import { cameraOf } from '../../../../src/camera-face/routes/camera-of.js'

const TRICKY = fc.stringMatching(/^(?:[a-c/.%?#\\:@ 0-9]|%2[ef]|%00|%c0%ae|\.\.){0,20}$/)
const ANY_TEXT = fc.oneof(
  fc.string({ unit: 'binary' }),
  TRICKY,
  TRICKY.map((text) => `/${text}`),
  TRICKY.map((text) => `http://h/${text}`),
)

describe('request targets', () => {
  it('never throw, and never lead to another place than they say', () => {
    fc.assert(
      fc.property(ANY_TEXT, (text) => {
        const target = parseTarget(text)
        if (target === undefined) return
        expect(target.path.startsWith('/')).toBe(true)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there.
        expect(target.path).not.toMatch(/[\u0000-\u001f\u007f\\]/)
        const segments = target.path.split('/')
        expect(segments).not.toContain('..')
        expect(segments).not.toContain('.')
        const raw = (text.replace(/^http:\/\/[^/?#]*/i, '').split('?')[0] ?? '') || '/'
        expect(segments).toHaveLength(raw.split('/').length)
      }),
      { numRuns: 2_000 },
    )
  })

  it('come back from every path that may be', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 })), (segments) => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are refused.
        fc.pre(segments.every((segment) => segment !== '.' && segment !== '..' && !/[\u0000-\u001f\u007f/\\]/.test(segment)))
        const path = `/${segments.join('/')}`
        expect(parseTarget(`/${segments.map(encodeURIComponent).join('/')}?a=b`)).toMatchObject({ path, search: '?a=b' })
      }),
    )
  })
})

describe('host names', () => {
  it('never throw, and only exact ones are loopback', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          ANY_TEXT,
          fc.domain(),
          fc.ipV4(),
          fc.ipV6().map((address) => `[${address}]:80`),
        ),
        (text) => {
          const host = parseHost(text)
          if (host === undefined) return
          expect(host.name).toBe(host.name.toLowerCase())
          expect(judgeHost(host.name, ['*'])).toBe('ok')
          if (isLoopbackName(host.name))
            expect(host.name).toMatch(/^(?:localhost|127\.\d+\.\d+\.\d+|[0:]*1|[0:]*:ffff:(?:7f|127\.).*)$/)
        },
      ),
      { numRuns: 2_000 },
    )
  })
})

describe('camera ids', () => {
  it('are camera and a number, or refused before anybody is asked', () => {
    const asked: string[] = []
    const cameras = {
      ready: true,
      defaultId: 'camera0',
      find: (id: string) => {
        asked.push(id)
        return undefined
      },
    }
    fc.assert(
      fc.property(fc.oneof(ANY_TEXT, fc.stringMatching(/^ ?camera[0-9a\n]{0,8}$/)), (id) => {
        expect(() => cameraOf({ params: { id }, query: new URLSearchParams() }, cameras as never)).toThrow(
          /^camera[0-9]+$/.test(id) && !id.endsWith('\n') ? 'Camera not found' : 'Invalid camera id',
        )
      }),
      { numRuns: 2_000 },
    )
    expect(asked.every((id) => /^camera[0-9]+$/.test(id))).toBe(true)
  })
})

describe('the table of routes', () => {
  const route = (method: Route['method'], path: string): Route => ({
    method,
    path,
    role: 'viewer',
    handler: () => ({ status: 200 }),
    doc: '',
  })
  const router = new Router([
    route('GET', '/a'),
    route('GET', '/a/{id}'),
    route('PUT', '/a/{id}'),
    route('GET', '/f/{file...}'),
    route('GET', '/x.json'),
  ])

  it('answers any path without a throw, and what it names is what stood there', () => {
    fc.assert(
      fc.property(fc.oneof(fc.constantFrom('GET', 'PUT', 'HEAD', '__proto__'), fc.string()), ANY_TEXT, (method, path) => {
        const found = router.find(method, path)
        if (found.kind !== 'route' || found.params.id === undefined) return
        expect(path).toBe(`/a/${found.params.id}`)
      }),
      { numRuns: 2_000 },
    )
  })

  it.each([
    ['GET', '/a', 'route'],
    ['GET', '/a/', 'redirect'],
    ['GET', '/a/1', 'route'],
    ['GET', '/a/1/', 'redirect'],
    ['GET', '/a/1/2', 'unknown'],
    ['POST', '/a/1', 'wrong-method'],
    ['GET', '/f/x/y.js', 'route'],
    ['GET', '/xyjson', 'unknown'],
    ['GET', '/', 'unknown'],
    ['GET', '', 'unknown'],
  ])('%s %s is %s', (method, path, kind) => {
    expect(router.find(method, path).kind).toBe(kind)
  })
})

describe('where a text stops being JSON', () => {
  it('is nowhere in JSON', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(jsonFaultOffset(text)).toBe(text.length)
      }),
    )
  })

  it('is at the end of JSON that was cut, whatever is missing', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 3 }), fc.nat(), (text, at) => {
        const cut = text.slice(0, at % (text.length + 1))
        const offset = jsonFaultOffset(cut)
        // A text or a word that is cut is told by its beginning.
        expect(/^(?:[-"\d.eE+tfn]|$)/.test(cut.slice(offset))).toBe(true)
      }),
    )
  })

  it.each([
    ['{"a":1,}', 7],
    ['{"a" 1}', 5],
    ['{a:1}', 1],
    ['[1 2]', 3],
    ['[1,]', 3],
    ['{"a":01}', 6],
    ['{} {}', 3],
    ['{"a":"\n"}', 5],
    ['}', 0],
    ['[}', 1],
    [' nul', 1],
    ['{"a":tru}', 5],
  ])('%j: at %i', (text, offset) => {
    expect(() => JSON.parse(text)).toThrow()
    expect(jsonFaultOffset(text)).toBe(offset)
  })
})

describe('parameters', () => {
  it('are numbers within their rule, or refused', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.double().map(String), fc.constantFrom('1e3', '0x10', 'Infinity', '-1', ' 5', '5 ', '')),
        (text) => {
          const read = (): number | undefined => numberOf(new URLSearchParams({ n: text }), 'n', { min: 1, max: 240 })
          let value: number | undefined
          try {
            value = read()
          } catch (thrown) {
            expect(String(thrown)).toContain('Invalid parameter: n must be a number between 1 and 240')
            return
          }
          expect(value).toBe(Number(text))
          expect(value).toBeGreaterThanOrEqual(1)
          expect(value).toBeLessThanOrEqual(240)
        },
      ),
    )
    expect(flagOf(new URLSearchParams('f=0'), 'f')).toBe(false)
  })
})
