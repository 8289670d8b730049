import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NotMultipart, type Part, PartCutter } from '../../../web/camera-page/multipart.js'

const encoder = new TextEncoder()

function cut(stream: Uint8Array, sizes: readonly number[]): readonly Part[] {
  const parts: Part[] = []
  const cutter = new PartCutter((part) => parts.push(part))
  for (let at = 0, turn = 0; at < stream.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? stream.length
    cutter.push(stream.subarray(at, at + size))
    at += size
  }
  return parts
}

function streamOf(bodies: readonly Uint8Array[]): Uint8Array {
  const pieces = bodies.flatMap((body, index) => [
    encoder.encode(`Content-Type: image/jpeg\r\nContent-Length: ${body.length}\r\nX-Timestamp: ${index}.500000\r\n\r\n`),
    body,
    encoder.encode('\r\n--frame\r\n'),
  ])
  return Uint8Array.from([...encoder.encode('--frame\r\n'), ...pieces.flatMap((piece) => [...piece])])
}

describe('the parts of a stream', () => {
  it('are the same in whatever pieces they come, whatever is in them', () => {
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom('\r\n--frame\r\n', '--frame--', 'a\r\n\r\nContent-Length: 3\r\n').map((text) => encoder.encode(text)),
    )
    fc.assert(
      fc.property(
        fc.array(body, { maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 4 }),
        (bodies, sizes) => {
          const parts = cut(streamOf(bodies), sizes)
          expect(parts.map((part) => [...part.body])).toEqual(bodies.map((bytes) => [...bytes]))
          expect(parts.map(({ headers }) => headers.get('x-timestamp'))).toEqual(bodies.map((_, index) => `${index}.500000`))
        },
      ),
    )
  })

  it('come as soon as their last byte is there', () => {
    const stream = streamOf([encoder.encode('one')])
    const end = stream.length - '\r\n--frame\r\n'.length
    expect(cut(stream.subarray(0, end - 1), [7])).toHaveLength(0)
    expect(cut(stream.subarray(0, end), [7])).toHaveLength(1)
  })

  it('end quietly with the closing boundary', () => {
    const closed = `${new TextDecoder().decode(streamOf([encoder.encode('one')])).slice(0, -2)}--\r\n`
    expect(cut(encoder.encode(closed), [5])).toHaveLength(1)
  })

  it.each([
    ['no length', 'Content-Type: image/jpeg\r\n\r\nabc'],
    ['a length that is none', 'Content-Length: -1\r\n\r\n'],
    ['a length that is too much', 'Content-Length: 99999999999\r\n\r\n'],
    ['a head that does not end', `X-Long: ${'x'.repeat(9_000)}`],
  ])('are refused with %s', (_, text) => {
    expect(() => cut(encoder.encode(`--frame\r\n${text}`), [64])).toThrow(NotMultipart)
  })
})
