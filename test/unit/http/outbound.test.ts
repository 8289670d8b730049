import { describe, expect, it } from 'vitest'
import { type FrameSink, Outbound } from '../../../src/http/outbound.js'

/** A socket whose kernel takes `room` bytes. */
class Sink implements FrameSink {
  readonly sent: string[] = []
  buffered = 0
  room: number

  constructor(room: number) {
    this.room = room
  }

  send(payload: string | Uint8Array): number {
    this.sent.push(Buffer.from(payload).toString())
    const taken = Math.min(this.room, payload.length)
    this.room -= taken
    this.buffered += payload.length - taken
    return this.buffered === 0 ? 1 : 0
  }

  getBufferedAmount(): number {
    return this.buffered
  }
}

const LIMITS = { softBytes: 10, hardBytes: 40, maxNotifications: 3 }

function blocked() {
  const sink = new Sink(0)
  const out = new Outbound(sink, LIMITS)
  out.push('0123456789', false, false, undefined)
  return { sink, out }
}

describe('outbound', () => {
  it('hands everything over while the kernel takes it', () => {
    const sink = new Sink(1_000)
    const out = new Outbound(sink, LIMITS)
    for (const text of ['a', 'b', 'c']) expect(out.push(text, false, false, undefined)).toBe(true)
    expect(sink.sent).toEqual(['a', 'b', 'c'])
    expect(out.pendingBytes).toBe(0)
  })

  it('keeps back what comes after the soft limit, in order', () => {
    const { sink, out } = blocked()
    out.push('first', false, false, undefined)
    out.push('second', false, true, undefined)
    expect(sink.sent).toEqual(['0123456789'])
    expect(out.pendingBytes).toBe(21)
    expect(out.congested).toBe(true)
    sink.buffered = 0
    sink.room = 1_000
    out.drained()
    expect(sink.sent).toEqual(['0123456789', 'first', 'second'])
    expect(out.blocked).toBe(false)
  })

  it('keeps its own copy of the bytes of a reply, which are only lent', () => {
    const { sink, out } = blocked()
    const lent = new Uint8Array(Buffer.from('reply 1'))
    out.push(lent, false, false, undefined)
    lent.set(Buffer.from('reply 2'))
    sink.buffered = 0
    sink.room = 1_000
    out.drained()
    expect(sink.sent).toEqual(['0123456789', 'reply 1'])
  })

  it('hands over only so much at a time', () => {
    const { sink, out } = blocked()
    out.push('x'.repeat(12), false, false, undefined)
    out.push('y'.repeat(12), false, false, undefined)
    sink.buffered = 0
    out.drained()
    expect(sink.sent).toHaveLength(2)
    expect(out.pendingBytes).toBe(24)
  })

  it('reports the hard limit', () => {
    const { out } = blocked()
    expect(out.push('x'.repeat(30), false, false, undefined)).toBe(true)
    expect(out.push('x', false, false, undefined)).toBe(false)
  })

  it('reports too many notifications, not too many replies', () => {
    const { out } = blocked()
    for (let count = 0; count < 8; count++) expect(out.push('r', false, false, undefined)).toBe(true)
    for (let count = 0; count < 3; count++) expect(out.push('n', false, true, undefined)).toBe(true)
    expect(out.push('n', false, true, undefined)).toBe(false)
  })

  it('lets a newer state take the place of one that waits', () => {
    const { sink, out } = blocked()
    out.push('camera0 off', false, true, 'camera0')
    out.push('camera1 off', false, true, 'camera1')
    out.push('camera0 on', false, true, 'camera0')
    expect(out.pendingBytes).toBe(10 + 21)
    sink.buffered = 0
    sink.room = 1_000
    out.drained()
    expect(sink.sent.slice(1)).toEqual(['camera1 off', 'camera0 on'])
  })

  it('forgets what waits when it is cleared', () => {
    const { sink, out } = blocked()
    out.push('never', false, false, undefined)
    out.clear()
    sink.buffered = 0
    out.drained()
    expect(sink.sent).toEqual(['0123456789'])
  })
})
