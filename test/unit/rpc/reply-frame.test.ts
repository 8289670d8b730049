import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Rendered } from '../../../src/base/rendered.js'
import { createJsonCodec } from '../../../src/rpc/codec-json.js'

const codec = createJsonCodec([])

describe('a reply with a rendered result', () => {
  it('has the bytes of one that is made anew, whatever ids came before', () => {
    const result = new Rendered({ name: 'Küche', numbers: [1, 2.5] })
    fc.assert(
      fc.property(fc.oneof(fc.nat({ max: 99 }), fc.maxSafeNat()), (id) => {
        const expected = JSON.stringify({ jsonrpc: '2.0', id, result: result.value })
        expect(Buffer.from(codec.reply(id, result)).toString()).toBe(expected)
      }),
    )
  })

  it('takes ids of every kind', () => {
    const result = new Rendered('pong')
    for (const id of ['"q-7"', '1.50', '90071992547409931234', 999_999_999_999_999, 0]) {
      expect(Buffer.from(codec.reply(id, result)).toString()).toBe(`{"jsonrpc":"2.0","id":${id},"result":"pong"}`)
    }
  })
})

describe('a reply with a rendered error', () => {
  const error = { code: -32002, message: 'Permission denied', data: { details: 'nein, nicht für Dich' } }
  const rendered = new Rendered(error)

  it('has the bytes of one that is made anew, with and without an id', () => {
    for (const id of [7, 1_000_000, '"q-7"', undefined]) {
      const told = Buffer.from(codec.failure(id, rendered)).toString()
      expect(told).toBe(codec.failure(id, error))
      expect(JSON.parse(told)).toEqual({ jsonrpc: '2.0', ...(id !== undefined && { id: JSON.parse(`${id}`) }), error })
    }
  })
})
