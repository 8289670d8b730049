import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createJsonCodec, parseRequest } from '../../../src/rpc/codec-json.js'
import { type Message, NO_PARAMS } from '../../../src/rpc/message.js'
import { SeenRequests } from '../../../src/rpc/seen-requests.js'

const METHODS = ['ping', 'get_camera_status', 'get_camera_list', 'list_recordings']

function frameOf(text: string): ArrayBuffer {
  return new Uint8Array(Buffer.from(text)).buffer
}

function message(method: string, params: Message['params'] = NO_PARAMS): Message {
  return { id: 1, method, params, fault: undefined, paramsFault: undefined }
}

describe('requests seen before', () => {
  it('are read as if they had not been, whatever came before', () => {
    const codec = createJsonCodec(METHODS)
    const params = fc.oneof(
      fc.constant(undefined),
      fc.constant({}),
      fc.record({ device: fc.constantFrom('camera0', 'camera1', 'camera10', 'camera20', '/dev/video0') }),
      fc.record({ limit: fc.integer({ min: 0, max: 60 }), offset: fc.integer({ min: 0, max: 9 }) }),
      fc.record({ device: fc.anything({ maxDepth: 1 }).filter((value) => value !== undefined && typeof value !== 'bigint') }),
    )
    const request = fc.record({ method: fc.constantFrom(...METHODS, 'other'), id: fc.maxSafeNat(), params })
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 20 }), (requests) => {
        for (const { method, id, params } of [...requests, ...requests]) {
          const text = JSON.stringify({ jsonrpc: '2.0', id, method, params })
          const { id: readId, ...read } = codec.decode(new Uint8Array(Buffer.from(text)).buffer)
          const { id: parsedId, ...parsed } = parseRequest(text)
          expect(read).toEqual(parsed)
          expect(String(readId)).toBe(String(parsedId))
        }
      }),
    )
  })

  it('are found with any id that is written plainly, and with no other', () => {
    const seen = new SeenRequests()
    const rest = ',"method":"ping"}'
    const digits = '123456789012345'
    for (let length = 1; length <= digits.length; length++) {
      seen.keep(frameOf(`{"jsonrpc":"2.0","id":${'9'.repeat(length)}${rest}`), message('ping'))
    }
    const plain = [
      '0',
      '7',
      ...Array.from(digits, (_, at) => digits.slice(0, at + 1)),
      ...Array.from(digits, (_, at) => `1${'0'.repeat(at)}`),
    ]
    for (const id of plain) {
      expect(seen.find(frameOf(`{"jsonrpc":"2.0","id":${id}${rest}`))).toEqual({ ...message('ping'), id: Number(id) })
    }
    for (const id of ['', '01', '000', '-1', '1.5', '1e3', '"1"', '1 ', ' 1', '1:', '1/', '1234567890123456']) {
      expect(seen.find(frameOf(`{"jsonrpc":"2.0","id":${id}${rest}`))).toBeUndefined()
    }
    for (const other of [',"method":"pong"}', `${rest} `, rest.slice(0, -1), ',"method":"ping","params":{}}']) {
      expect(seen.find(frameOf(`{"jsonrpc":"2.0","id":1${other}`))).toBeUndefined()
    }
  })

  it.each(['1', '12', '123', '1234', '1234567', '123456789012345'])('are not found when any byte is another: id %s', (id) => {
    const seen = new SeenRequests()
    const text = `{"jsonrpc":"2.0","id":${id},"method":"get_camera_status","params":{"device":"camera0"}}`
    const known = message('get_camera_status', { device: 'camera0' })
    seen.keep(frameOf(text), known)
    expect(seen.find(frameOf(text))).toEqual({ ...known, id: Number(id) })
    const idAt = text.indexOf(id)
    for (let at = 0; at < text.length; at++) {
      if (at >= idAt && at < idAt + id.length) continue
      const frame = frameOf(text)
      new Uint8Array(frame)[at] = text.charCodeAt(at) ^ 0x80
      expect(seen.find(frame)).toBeUndefined()
    }
  })

  it('are not kept when something secret could be in them', () => {
    const seen = new SeenRequests()
    const secrets = [
      { auth_token: 'secret' },
      { device: 'camera0', token: 'secret' },
      { stream_url: 'rtsp://user:secret@host/a' },
      { device: { secret: 1 } },
    ]
    for (const params of secrets) {
      const frame = frameOf(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'x', params }))
      seen.keep(frame, message('x', params))
      expect(seen.find(frame)).toBeUndefined()
    }
  })

  it('share parameters that nobody can change', () => {
    const codec = createJsonCodec(METHODS)
    const text = '{"jsonrpc":"2.0","id":1,"method":"get_camera_status","params":{"device":"camera0"}}'
    const decode = (): Message => codec.decode(new Uint8Array(Buffer.from(text)).buffer)
    const first = decode()
    expect(decode().params).toBe(first.params)
    expect(Object.isFrozen(first.params)).toBe(true)
  })
})
