/**
 * Parsers of bytes from outside, each for FUZZ_SECONDS (default 2; longer on request) with texts that were good once. A finding prints
 * its seed and the least input that shows it.
 */

import fc from 'fast-check'
import { pack } from 'msgpackr'
import { expect, it } from 'vitest'
import { isStrictJson } from '../../../src/auth/strict-json.js'
import { ServiceError } from '../../../src/base/errors.js'
import { parseAddress } from '../../../src/external/address.js'
import { spanOf } from '../../../src/http/files/range.js'
import { fileTarget } from '../../../src/http/files/target.js'
import { parseInfo, parsePathConfigs, parsePaths } from '../../../src/media/api/wire.js'
import { createJsonCodec } from '../../../src/rpc/codec-json.js'
import { msgpackCodec } from '../../../src/rpc/codec-msgpack.js'
import { compileFilter } from '../../../src/rpc/filters.js'

const SECONDS = Number(process.env.FUZZ_SECONDS ?? 2)
/** No input may take longer, whatever it is. */
const SLOW_MS = 250

const json = createJsonCodec(['ping', 'get_camera_status'])

/** One of these with pieces cut out, doubled, exchanged or put in. */
function spoilt(...seeds: readonly string[]): fc.Arbitrary<string> {
  const change = fc.record({
    at: fc.nat(),
    length: fc.nat(8),
    text: fc.oneof(fc.string(), fc.constantFrom('"', '{', '[', '\\', '\0', '9', '-', '%')),
  })
  return fc.tuple(fc.constantFrom(...seeds), fc.array(change, { maxLength: 6 })).map(([seed, changes]) =>
    changes.reduce((text, { at, length, text: piece }) => {
      const from = at % (text.length + 1)
      return text.slice(0, from) + piece + text.slice(from + length)
    }, seed),
  )
}

/** Throws nothing but refusals of ours. */
function tolerant(parse: () => unknown): void {
  try {
    parse()
  } catch (thrown) {
    if (!(thrown instanceof ServiceError)) throw thrown
  }
}

const REQUEST = '{"jsonrpc":"2.0","id":"q-7","method":"get_camera_status","params":{"device":"camera0","a":[1,{"b":null}]}}'
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'))

const TARGETS: readonly (readonly [string, fc.Arbitrary<string>, (text: string) => void])[] = [
  [
    'the JSON envelope',
    spoilt(REQUEST, `[${REQUEST}]`, '{"jsonrpc":"2.0","id":7,"method":"ping"}'),
    (text) => {
      const { fault, method } = json.decode(new Uint8Array(Buffer.from(text)).buffer)
      let good = true
      try {
        JSON.parse(Buffer.from(text).toString())
      } catch {
        good = false
      }
      // Never more lenient than the language's own parser.
      if (fault === undefined) expect([good, method !== '']).toEqual([true, true])
    },
  ],
  [
    'MessagePack',
    spoilt(Buffer.from(pack(JSON.parse(REQUEST))).toString('latin1')),
    (text) => {
      msgpackCodec().decode(bytesOf(text).buffer as ArrayBuffer)
    },
  ],
  [
    'ranges',
    spoilt('bytes=0-5', 'bytes=-5', 'bytes=5-', 'bytes=0-0,2-3'),
    (text) => {
      const span = spanOf(text, 100)
      if (typeof span !== 'object') return
      expect(0 <= span.from && span.from < span.to && span.to <= 100).toBe(true)
    },
  ],
  [
    'paths of files',
    spoilt('/files/recordings/camera0_2030-04-01.mp4', '/files/snapshots/..%2f..%2fetc%2fpasswd'),
    (text) => {
      const target = fileTarget(text)
      if (typeof target === 'object') expect(target.name).not.toMatch(/[/\\\0]|\.\./)
    },
  ],
  [
    'payloads of tokens',
    spoilt('{"user_id":"ann","role":"viewer","iat":1,"exp":2,"a":[{"b":"c"}]}'),
    (text) => {
      try {
        JSON.parse(text)
      } catch {
        return
      }
      isStrictJson(text, 4)
    },
  ],
  [
    'filters',
    spoilt('{"device":"camera0","timestamp_after":"2030-04-01T08:15:00Z"}'),
    (text) => {
      let filters: unknown
      try {
        filters = JSON.parse(text)
      } catch {
        return
      }
      if (typeof filters !== 'object' || filters === null || Array.isArray(filters)) return
      tolerant(() =>
        compileFilter({ ...filters })?.('camera.connected', { device: 'camera0', timestamp: '2030-04-01T08:15:00Z' }),
      )
    },
  ],
  [
    'addresses of streams',
    spoilt('rtsp://user:pass@192.168.1.20:554/live?token=x', 'rtsps://[2001:db8::1]/a'),
    (text) => {
      tolerant(() => expect(parseAddress(text, 'url').shown).toMatch(/^rtsps?:\/\/[\x21-\x7e]+$/))
    },
  ],
  [
    'replies of MediaMTX',
    spoilt('{"pageCount":1,"items":[{"name":"camera0","ready":true,"readers":[{"type":"rtspSession"}]}],"version":"v1"}'),
    (text) => {
      let reply: unknown
      try {
        reply = JSON.parse(text)
      } catch {
        return
      }
      for (const parse of [parseInfo, parsePathConfigs, parsePaths]) {
        try {
          parse(reply)
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(Error)
          expect(thrown).not.toBeInstanceOf(TypeError)
          expect(thrown).not.toBeInstanceOf(RangeError)
        }
      }
    },
  ],
]

it.each(TARGETS)(
  'fuzz: %s',
  (_name, inputs, parse) => {
    fc.assert(
      fc.property(inputs, (text) => {
        const began = performance.now()
        parse(text)
        expect(performance.now() - began).toBeLessThan(SLOW_MS)
      }),
      { numRuns: 100_000_000, interruptAfterTimeLimit: SECONDS * 1_000, markInterruptAsFailure: false },
    )
  },
  SECONDS * 1_000 + 20_000,
)
