/**
 * S-03 (reliability-security.md §3.1): frames as they may and may not be, one case for each of the groups 1 to 7 and 10 of the Autobahn
 * test suite, by its numbers. Where that suite looks for an echo, ours looks for the answer to a call.
 */

import { afterAll, beforeAll, expect, it } from 'vitest'
import { frame, OPCODE, RawWebSocket } from '../support/raw-websocket.js'
import { type RpcServer, startRpcServer } from '../support/rpc-server.js'

interface Case {
  readonly id: string
  readonly send: readonly Buffer[]
  /** Bytes of each packet; default: a packet per frame. */
  readonly packetBytes?: number
  /** What comes back, in order: `answer`, `pong HEX`, `close CODE`; `cut`: the end without more. */
  readonly expect: readonly string[]
}

const { continuation, text, binary, close, ping, pong } = OPCODE
const PADDING = '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":""}}'.length
/** A call of so many bytes; `inside` is part of it. */
const call = (bytes = PADDING, inside: string | Buffer = ''): Buffer => {
  const filled = Buffer.concat([Buffer.from(inside), Buffer.alloc(Math.max(0, bytes - PADDING - Buffer.byteLength(inside)), '*')])
  return Buffer.concat([Buffer.from('{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"'), filled, Buffer.from('"}}')])
}
const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(' ', ''), 'hex')
/** One message in frames of these pieces. */
const fragments = (pieces: readonly (string | Buffer)[], opcode: number = text): Buffer[] =>
  pieces.map((payload, index) =>
    frame({ opcode: index === 0 ? opcode : continuation, payload, fin: index === pieces.length - 1 }),
  )
const halves = (whole: Buffer): Buffer[] => [whole.subarray(0, 20), whole.subarray(20)]
const octets = (whole: Buffer): Buffer[] => Array.from(whole, (byte) => Buffer.from([byte]))
const code = (value: number, reason: string | Buffer = ''): Buffer => {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return Buffer.concat([bytes, Buffer.from(reason)])
}
const pongOf = (payload: string | Buffer): string => `pong ${Buffer.from(payload).toString('hex')}`

let server: RpcServer
beforeAll(async () => {
  server = await startRpcServer({ settings: { anonymousMessageBytes: 1_048_576, maxConnections: 10_000 } })
})
afterAll(() => server.stop())

it('S-03 frame-level garbage: each of about 240 cases is answered or cut as it has to be', async () => {
  const cases = [...framing(), ...pings(), ...reserved(), ...opcodes(), ...fragmentation(), ...utf8(), ...closing()]
  expect(cases.length).toBeGreaterThanOrEqual(240)
  expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length)
  const wrong: string[] = []
  const queue = [...cases]
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const seen = await play(next)
      // What came in one packet with the fault may be cut off with it.
      const known = [next.expect, ...(next.expect.at(-1) === 'cut' ? [['cut']] : [])].map((events) => events.join())
      if (!known.includes(seen.join())) wrong.push(`${next.id}: ${next.expect} expected, ${seen} seen`)
    }
  }
  await Promise.all(Array.from({ length: 16 }, work))
  expect(wrong).toEqual([])
}, 60_000)

/** What comes back for a case, up to the end of the connection or the pong to a last ping. */
async function play({ send, packetBytes, expect: expected }: Case): Promise<string[]> {
  const client = await RawWebSocket.open(server.http.port)
  for (const bytes of send) await client.write(bytes, packetBytes)
  const last = Buffer.from('are you there')
  const stays = expected.at(-1) !== 'cut' && !expected.at(-1)?.startsWith('close')
  if (stays) await client.write(frame({ opcode: ping, payload: last }))
  const over = (): boolean => client.frames.some(({ opcode, payload }) => opcode === pong && payload.equals(last))
  await (stays ? client.until(over).catch(() => undefined) : client.ended)
  // The service asks now and then, too, whether they are there.
  const seen = client.frames.filter(({ opcode, payload }) => opcode !== ping && !payload.equals(last)).map(eventOf)
  if (stays && !client.socket.destroyed) client.socket.destroy()
  else if (!seen.at(-1)?.startsWith('close')) seen.push('cut')
  return seen
}

function eventOf({ opcode, payload }: { readonly opcode: number; readonly payload: Buffer }): string {
  if (opcode === text) return typeof JSON.parse(payload.toString()) === 'object' ? 'answer' : 'rubbish'
  if (opcode === pong) return pongOf(payload)
  if (opcode === close) return `close ${payload.length >= 2 ? payload.readUInt16BE(0) : 'without code'}`
  return `opcode ${opcode}`
}

function framing(): Case[] {
  const sizes = [0, 125, 126, 127, 128, 65_535, 65_536, 65_536]
  return [text, binary].flatMap((opcode) =>
    sizes.map((bytes, index) => ({
      id: `1.${opcode}.${index + 1}`,
      send: [frame({ opcode, payload: bytes === 0 ? '' : call(bytes) })],
      ...(index === 7 && { packetBytes: 997 }),
      expect: ['answer'],
    })),
  )
}

function pings(): Case[] {
  const plain = (payload: string | Buffer) => ({ send: [frame({ opcode: ping, payload })], expect: [pongOf(payload)] })
  const big = Buffer.alloc(125, 0xfe)
  const ten = Array.from({ length: 10 }, (_, index) => `payload-${index}`)
  const tenPings = ten.map((payload) => frame({ opcode: ping, payload }))
  return [
    { id: '2.1', ...plain('') },
    { id: '2.2', ...plain('Hello, world!') },
    { id: '2.3', ...plain(hex('00 ff fe fd fc fb 00 ff')) },
    { id: '2.4', ...plain(big) },
    { id: '2.5', send: [frame({ opcode: ping, payload: Buffer.alloc(126, 0xfe) })], expect: ['cut'] },
    { id: '2.6', ...plain(big), packetBytes: 1 },
    { id: '2.7', send: [frame({ opcode: pong })], expect: [] },
    { id: '2.8', send: [frame({ opcode: pong, payload: 'unsolicited' })], expect: [] },
    {
      id: '2.9',
      send: [frame({ opcode: pong, payload: 'unsolicited' }), frame({ opcode: ping, payload: 'p' })],
      expect: [pongOf('p')],
    },
    { id: '2.10', send: tenPings, expect: ten.map(pongOf) },
    { id: '2.11', send: tenPings, packetBytes: 1, expect: ten.map(pongOf) },
  ]
}

function reserved(): Case[] {
  const good = frame({ payload: call() })
  const after = frame({ opcode: ping })
  const bad = (rsv: number, opcode: number = text): Buffer =>
    frame({ opcode, payload: opcode === close ? code(1000) : call().subarray(0, 100), rsv })
  return [
    { id: '3.1', send: [bad(1)], expect: ['cut'] },
    { id: '3.2', send: [good, bad(2), after], expect: ['answer', 'cut'] },
    { id: '3.3', send: [Buffer.concat([good, bad(3), after])], expect: ['answer', 'cut'] },
    { id: '3.4', send: [good, bad(4), after], packetBytes: 1, expect: ['answer', 'cut'] },
    { id: '3.5', send: [bad(5, binary)], expect: ['cut'] },
    { id: '3.6', send: [bad(6, ping)], expect: ['cut'] },
    { id: '3.7', send: [bad(7, close)], expect: ['cut'] },
  ]
}

function opcodes(): Case[] {
  const good = frame({ payload: call() })
  const after = frame({ opcode: ping })
  return [3, 11].flatMap((first, group) =>
    [0, 1, 2, 3, 4].map((index) => {
      const bad = frame({ opcode: first + index, payload: index % 2 === 0 && index < 4 ? '' : 'reserved' })
      return {
        id: `4.${group + 1}.${index + 1}`,
        send: index < 2 ? [bad] : [good, bad, after],
        ...(index === 4 && { packetBytes: 1 }),
        expect: index < 2 ? ['cut'] : ['answer', 'cut'],
      }
    }),
  )
}

function fragmentation(): Case[] {
  const whole = frame({ payload: call() })
  const two = fragments(halves(call()))
  const [first = whole, second = whole] = two
  const asked = frame({ opcode: ping, payload: 'between' })
  const stray = (fin: boolean) => frame({ opcode: continuation, payload: 'non-continuation payload', fin })
  const chops = (from: number, send: readonly Buffer[], expected: readonly string[]): Case[] => [
    { id: `5.${from}`, send: [Buffer.concat(send)], expect: expected },
    { id: `5.${from + 1}`, send, expect: expected },
    { id: `5.${from + 2}`, send, packetBytes: 1, expect: expected },
  ]
  const five = fragments(['{"jsonrpc":"2.0",', '"id":1,', '"method":', '"ping"', '}'])
  const mixed = [five[0], five[1], asked, five[2], five[3], asked, five[4]].filter((part) => part !== undefined)
  return [
    { id: '5.1', send: fragments(['fragment1', 'fragment2'], ping), expect: ['cut'] },
    { id: '5.2', send: fragments(['fragment1', 'fragment2'], pong), expect: ['cut'] },
    ...chops(3, two, ['answer']),
    ...chops(6, [first, asked, second], [pongOf('between'), 'answer']),
    ...chops(9, [stray(true), whole], ['cut']),
    ...chops(12, [stray(false), whole], ['cut']),
    { id: '5.15', send: [...two, stray(false), whole], expect: ['answer', 'cut'] },
    { id: '5.16', send: [stray(false), whole, stray(false), whole], expect: ['cut'] },
    { id: '5.17', send: [stray(true), whole, stray(true), whole], expect: ['cut'] },
    { id: '5.18', send: [first, frame({ payload: halves(call())[1] ?? '' })], expect: ['cut'] },
    { id: '5.19', send: mixed, packetBytes: 5, expect: [pongOf('between'), pongOf('between'), 'answer'] },
    { id: '5.20', send: [Buffer.concat(mixed)], expect: [pongOf('between'), pongOf('between'), 'answer'] },
    {
      id: '10.1',
      send: fragments(Array.from({ length: 51 }, (_, at) => call(65_536).subarray(at * 1300, (at + 1) * 1300))),
      expect: ['answer'],
    },
  ]
}

function utf8(): Case[] {
  const one = (id: string, inside: string | Buffer, good: boolean): Case => ({
    id,
    send: [frame({ payload: call(0, inside) })],
    expect: [good ? 'answer' : 'cut'],
  })
  const group = (number: number, good: boolean, ...sequences: readonly string[]): Case[] =>
    sequences.map((digits, index) => one(`6.${number}.${index + 1}`, hex(digits), good))
  const greek = 'ce ba e1 bd b9 cf 83 ce bc ce b5'
  const mixed = 'Hello-µ@ßöäüàá-UTF-8!!'
  const broken = hex(`${greek} ed a0 80 65 64 69 74 65 64`)
  const beyond = hex(`${greek} f4 90 80 80 65`)
  const bytesOf = hex(greek)
  const ends = [2, 5, 7, 9, 11]
  const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index)
  const lonely = (from: number, to: number): string =>
    range(from, to)
      .map((byte) => `${byte.toString(16)} 20`)
      .join(' ')
  const cut = [
    'c0',
    'e0 80',
    'f0 80 80',
    'f8 80 80 80',
    'fc 80 80 80 80',
    'df',
    'ef bf',
    'f7 bf bf',
    'fb bf bf bf',
    'fd bf bf bf bf',
  ]
  const surrogates = ['ed a0 80', 'ed ad bf', 'ed ae 80', 'ed af bf', 'ed b0 80', 'ed be 80', 'ed bf bf']
  const pairs = ['ed a0 80', 'ed ad bf', 'ed ae 80', 'ed af bf'].flatMap((high) => [`${high} ed b0 80`, `${high} ed bf bf`])
  const noncharacters = range(0, 16).flatMap((plane) =>
    [0xfffe, 0xffff].map((low) => Buffer.from(String.fromCodePoint(plane * 0x10000 + low)).toString('hex')),
  )
  const bytewise = (id: string, inside: string | Buffer, good: boolean): Case => ({
    id,
    send: fragments(octets(call(0, inside))),
    expect: [good ? 'answer' : 'cut'],
  })
  return [
    { id: '6.1.1', send: [frame()], expect: ['answer'] },
    { id: '6.1.2', send: fragments(['', '', '']), expect: ['answer'] },
    { id: '6.1.3', send: fragments(['', call(), '']), expect: ['answer'] },
    one('6.2.1', mixed, true),
    { id: '6.2.2', send: fragments([call(0, mixed).subarray(0, 63), call(0, mixed).subarray(63)]), expect: ['answer'] },
    bytewise('6.2.3', mixed, true),
    bytewise('6.2.4', bytesOf, true),
    one('6.3.1', broken, false),
    bytewise('6.3.2', broken, false),
    ...[broken, beyond].flatMap((inside, index) => [
      {
        id: `6.4.${index * 2 + 1}`,
        send: fragments([call(0, inside).subarray(0, 66), call(0, inside).subarray(66, 68), call(0, inside).subarray(68)]),
        expect: ['cut'],
      },
      {
        id: `6.4.${index * 2 + 2}`,
        send: fragments([call(0, inside).subarray(0, 67), call(0, inside).subarray(67, 69), call(0, inside).subarray(69)]),
        packetBytes: 1,
        expect: ['cut'],
      },
    ]),
    ...ends.map((end, index) => one(`6.5.${index + 1}`, bytesOf.subarray(0, end), true)),
    ...range(1, 11).map((end) => one(`6.6.${end}`, bytesOf.subarray(0, end), ends.includes(end))),
    ...group(7, true, '00', 'c2 80', 'e0 a0 80', 'f0 90 80 80'),
    ...group(8, false, 'f8 88 80 80 80', 'fc 84 80 80 80 80'),
    ...group(9, true, '7f', 'df bf', 'ef bf bf', 'f4 8f bf bf'),
    ...group(10, false, 'f7 bf bf bf', 'fb bf bf bf bf', 'fd bf bf bf bf bf'),
    ...group(11, true, 'ed 9f bf', 'ee 80 80', 'ef bf bd', 'f4 8f bf bf'),
    one('6.11.5', hex('f4 90 80 80'), false),
    ...group(
      12,
      false,
      '80',
      'bf',
      '80 bf',
      '80 bf 80',
      '80 bf 80 bf',
      '80 bf 80 bf 80',
      '80 bf 80 bf 80 bf',
      range(0x80, 0xbf)
        .map((byte) => byte.toString(16))
        .join(' '),
    ),
    ...group(13, false, lonely(0xc0, 0xdf), lonely(0xe0, 0xef), lonely(0xf0, 0xf7), lonely(0xf8, 0xfb), lonely(0xfc, 0xfd)),
    ...group(14, false, ...cut),
    ...group(15, false, cut.join(' ')),
    ...group(16, false, 'fe', 'ff', 'fe fe ff ff'),
    ...group(17, false, 'c0 af', 'e0 80 af', 'f0 80 80 af', 'f8 80 80 80 af', 'fc 80 80 80 80 af'),
    ...group(18, false, 'c1 bf', 'e0 9f bf', 'f0 8f bf bf', 'f8 87 bf bf bf', 'fc 83 bf bf bf bf'),
    ...group(19, false, 'c0 80', 'e0 80 80', 'f0 80 80 80', 'f8 80 80 80 80', 'fc 80 80 80 80 80'),
    ...group(20, false, ...surrogates),
    ...group(21, false, ...pairs),
    ...group(22, true, ...noncharacters),
    ...group(23, true, 'ef bf b9', 'ef bf ba', 'ef bf bb', 'ef bf bc', 'ef bf bd', 'ef bf be', 'ef bf bf'),
  ]
}

function closing(): Case[] {
  const good = frame({ payload: call() })
  const [first = good, second = good] = fragments(halves(call()))
  const bye = frame({ opcode: close, payload: code(1000) })
  const one = (id: string, payload: string | Buffer, expected: string): Case => ({
    id,
    send: [frame({ opcode: close, payload })],
    expect: [expected],
  })
  const plain = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 4000, 4999]
  // The library takes these for bad, too: the goodbye is mutual all the same.
  const unknown = [3000, 3999]
  const bad = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65_535]
  return [
    { id: '7.1.1', send: [good, bye], expect: ['answer', 'close 1000'] },
    { id: '7.1.2', send: [bye, bye], expect: ['close 1000'] },
    { id: '7.1.3', send: [Buffer.concat([bye, frame({ opcode: ping })])], expect: ['close 1000'] },
    { id: '7.1.4', send: [Buffer.concat([bye, good])], expect: ['close 1000'] },
    { id: '7.1.5', send: [Buffer.concat([first, bye, second])], expect: ['close 1000'] },
    {
      id: '7.1.6',
      send: [frame({ payload: call(262_144) }), good, bye, frame({ opcode: ping })],
      expect: ['answer', 'answer', 'close 1000'],
    },
    one('7.3.1', '', 'close without code'),
    one('7.3.2', 'a', 'close without code'),
    one('7.3.3', code(1000), 'close 1000'),
    one('7.3.4', code(1000, 'Hello World!'), 'close 1000'),
    one('7.3.5', code(1000, '*'.repeat(123)), 'close 1000'),
    one('7.3.6', code(1000, '*'.repeat(124)), 'cut'),
    one('7.5.1', code(1000, hex('ce ba ed a0 80')), 'close without code'),
    ...plain.map((value) => one(`7.7 ${value}`, code(value), `close ${value}`)),
    ...[...unknown, ...bad].map((value) => one(`7.9 ${value}`, code(value), 'close without code')),
  ]
}
