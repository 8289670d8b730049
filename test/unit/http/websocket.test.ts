import { describe, expect, it } from 'vitest'
import { DEFAULT_SETTINGS } from '../../../src/http/settings.js'
import { Connection, type Socket } from '../../../src/http/websocket.js'
import type { OpenSession } from '../../../src/rpc/index.js'
import { FakeClock } from '../../support/fake-clock.js'

const WALL_MS = 1_900_000_000_000

class FakeSocket implements Socket {
  readonly sent: string[] = []
  readonly ended: { readonly code: number; readonly reason: string }[] = []
  pings = 0
  /** Bytes the kernel does not take. */
  stuckBytes = 0
  stuck = false

  send(payload: string | Uint8Array): number {
    this.sent.push(Buffer.from(payload).toString())
    if (this.stuck) this.stuckBytes += payload.length
    return this.stuck ? 0 : 1
  }

  getBufferedAmount(): number {
    return this.stuckBytes
  }

  ping(): number {
    this.pings += 1
    if (this.stuck) this.stuckBytes += 2
    return this.stuck ? 0 : 1
  }

  end(code: number, reason: string): void {
    this.ended.push({ code, reason })
  }

  isCut = false
  close(): void {
    this.isCut = true
  }

  /** The peer reads on. */
  unstick(): void {
    this.stuck = false
    this.stuckBytes = 0
  }
}

class FakeSession implements OpenSession {
  readonly clientId = 'client_1'
  readonly received: string[] = []
  expiresAtMs: number | undefined
  inFlight = 0
  closed = false

  receive(bytes: ArrayBuffer): void {
    this.received.push(Buffer.from(bytes).toString())
  }

  close(): void {
    this.closed = true
  }
}

function open(settings: Partial<typeof DEFAULT_SETTINGS> = {}) {
  const socket = new FakeSocket()
  const session = new FakeSession()
  const clock = new FakeClock()
  const told = { logins: 0, leaving: 0, hastened: 0, pingsDue: 0 }
  const connection = new Connection(socket, { ...DEFAULT_SETTINGS, ...settings }, 0, {
    onLogin: () => {
      told.logins += 1
    },
    onLeaving: () => {
      told.leaving += 1
    },
    hasten: () => {
      told.hastened += 1
    },
    onPingDue: () => {
      told.pingsDue += 1
    },
    clock,
  })
  connection.attach(session)
  return { socket, session, connection, clock, told, logins: () => told.logins }
}

function message(text: string): ArrayBuffer {
  return new Uint8Array(Buffer.from(text)).buffer
}

describe('login deadline', () => {
  it('closes 4001 who has not logged in after 10 s', () => {
    const { socket, session, connection } = open()
    connection.sweep(10_000, WALL_MS)
    expect(socket.ended).toEqual([])
    connection.sweep(10_001, WALL_MS)
    expect(socket.ended).toMatchObject([{ code: 4001 }])
    expect(session.closed).toBe(true)
  })

  it('is met by a login, which is told once', () => {
    const { socket, session, connection, logins } = open()
    session.expiresAtMs = WALL_MS + 3_600_000
    connection.receive(message('a'), false)
    connection.receive(message('b'), false)
    connection.sweep(60_000, WALL_MS)
    expect(socket.ended).toEqual([])
    expect(logins()).toBe(1)
  })

  it('is seen at the reply to it, so that the next may come', () => {
    const { session, connection, logins } = open()
    session.expiresAtMs = WALL_MS + 3_600_000
    connection.send('logged in', false)
    expect(logins()).toBe(1)
  })

  it('can be switched off', () => {
    const { socket, connection } = open({ loginMs: 0 })
    connection.sweep(3_600_000, WALL_MS)
    expect(socket.ended).toEqual([])
  })
})

it('closes 4010 some time after the token has ended', () => {
  const { socket, session, connection } = open()
  session.expiresAtMs = WALL_MS
  connection.sweep(1_000, WALL_MS + 10_000)
  expect(socket.ended).toEqual([])
  connection.sweep(1_001, WALL_MS + 10_001)
  expect(socket.ended).toMatchObject([{ code: 4010 }])
})

it('has a ping due once per interval', () => {
  const { session, connection, told } = open()
  session.expiresAtMs = WALL_MS + 3_600_000
  for (let nowMs = 1_000; nowMs <= 90_000; nowMs += 1_000) connection.sweep(nowMs, WALL_MS)
  expect(told.pingsDue).toBe(3)
})

it('is pinged when it is asked to, unless its end was decided since it was due', () => {
  const { socket, connection } = open()
  connection.ping()
  expect(socket.pings).toBe(1)
  connection.close(1001, 'stopping')
  connection.ping()
  expect(socket.pings).toBe(1)
})

it('wants to be swept again when something is due, and at once when its right ends at another moment', () => {
  const { session, connection, told } = open()
  expect(connection.sweep(1_000, WALL_MS)).toBe(6_000)
  expect(connection.sweep(8_000, WALL_MS)).toBe(10_000)
  expect(open({ loginMs: 0 }).connection.sweep(1_000, WALL_MS)).toBe(6_000)
  session.expiresAtMs = WALL_MS + 3_600_000
  expect(connection.sweep(9_000, WALL_MS)).toBe(30_000)
  expect(told.hastened).toBe(0)
  connection.rightChanged()
  expect(told.hastened).toBe(1)
  session.expiresAtMs = WALL_MS - 8_000
  expect(connection.sweep(29_000, WALL_MS - 2_000)).toBe(30_000)
  expect(connection.sweep(30_000, WALL_MS)).toBe(32_000)
  connection.close(1001, 'stopping')
  expect(connection.sweep(31_000, WALL_MS)).toBe(Number.POSITIVE_INFINITY)
})

it('refuses a big message before login, and takes it afterwards', () => {
  const { session, connection } = open()
  session.expiresAtMs = WALL_MS
  connection.receive(message('x'.repeat(16 * 1024 + 1)), false)
  expect(session.received).toHaveLength(1)

  const anonymous = open()
  anonymous.connection.receive(message('x'.repeat(16 * 1024)), false)
  expect(anonymous.session.received).toHaveLength(1)
  anonymous.connection.receive(message('x'.repeat(16 * 1024 + 1)), false)
  expect(anonymous.socket.ended).toMatchObject([{ code: 1009 }])
  expect(anonymous.session.received).toHaveLength(1)
})

describe('a slow reader', () => {
  it('has its requests wait while its replies do, and gets all of them in order', () => {
    const { socket, session, connection } = open({ softBytes: 10, hardBytes: 1_000 })
    socket.stuck = true
    connection.send('x'.repeat(20), false)
    connection.receive(message('one'), false)
    connection.receive(message('two'), false)
    expect(session.received).toEqual([])
    socket.stuck = false
    socket.stuckBytes = 0
    connection.drained(1)
    expect(session.received).toEqual(['one', 'two'])
  })

  it('is closed 4008 when too many requests wait', () => {
    const { socket, connection } = open({ softBytes: 10, hardBytes: 100 })
    socket.stuck = true
    connection.send('x'.repeat(20), false)
    connection.receive(message('y'.repeat(50)), false)
    connection.receive(message('y'.repeat(50)), false)
    expect(connection.closeCode).toBe(4008)
    socket.unstick()
    connection.drained(1)
    expect(socket.ended).toMatchObject([{ code: 4008 }])
  })

  it('is closed 4008 beyond the hard limit, and gets not one more frame', () => {
    const { socket, session, connection } = open({ softBytes: 10, hardBytes: 100 })
    socket.stuck = true
    connection.send('x'.repeat(20), false)
    for (let count = 0; count < 10; count++) connection.notify(Buffer.alloc(20, 0x79), false, undefined)
    expect([connection.closeCode, socket.ended]).toEqual([4008, []])
    socket.unstick()
    connection.drained(1)
    expect(socket.ended).toMatchObject([{ code: 4008 }])
    connection.send('late', false)
    connection.notify(Buffer.from('late'), false, undefined)
    connection.receive(message('late'), false)
    expect(socket.sent).toEqual(['x'.repeat(20)])
    expect(session.received).toEqual([])
    expect(session.closed).toBe(true)
  })

  it('is closed 4008 after 10 s without progress', () => {
    const { socket, session, connection, clock, told } = open()
    session.expiresAtMs = WALL_MS + 3_600_000
    clock.advance(1_000)
    socket.stuck = true
    connection.send('x', false)
    connection.send('y', false)
    expect(told.hastened).toBe(1)
    expect(connection.sweep(11_000, WALL_MS)).toBe(11_000)
    expect(connection.closeCode).toBeUndefined()
    connection.sweep(11_001, WALL_MS)
    expect(connection.closeCode).toBe(4008)
  })

  it('that is given up is cut off after a second, unless it takes what lies before the close frame', () => {
    const { socket, connection, clock, told } = open({ softBytes: 10, hardBytes: 100 })
    socket.stuck = true
    connection.send('x'.repeat(20), false)
    connection.close(4008, 'slow reader')
    connection.close(1001, 'stopping')
    expect([told.leaving, socket.ended]).toEqual([1, []])
    socket.stuckBytes = 1
    connection.drained(1)
    clock.advance(999)
    expect([socket.ended, socket.isCut]).toEqual([[], false])
    clock.advance(1)
    expect([socket.ended, socket.isCut]).toEqual([[], true])
    connection.gone()

    const reads = open({ softBytes: 10, hardBytes: 100 })
    reads.socket.stuck = true
    reads.connection.send('x'.repeat(20), false)
    reads.connection.close(4008, 'slow reader')
    reads.clock.advance(999)
    reads.socket.unstick()
    reads.connection.drained(999)
    expect(reads.socket.ended).toEqual([{ code: 4008, reason: 'slow reader' }])
    expect(reads.clock.pending).toBe(0)

    const vanishes = open({ softBytes: 10, hardBytes: 100 })
    vanishes.socket.stuck = true
    vanishes.connection.send('x'.repeat(20), false)
    vanishes.connection.close(4008, 'slow reader')
    vanishes.connection.gone()
    expect(vanishes.clock.pending).toBe(0)
  })

  it('that takes a little now and then is kept', () => {
    const { socket, session, connection } = open()
    session.expiresAtMs = WALL_MS + 3_600_000
    socket.stuck = true
    connection.send('x', false)
    for (let nowMs = 9_000; nowMs < 60_000; nowMs += 9_000) {
      connection.drained(nowMs)
      connection.sweep(nowMs, WALL_MS)
    }
    expect(socket.ended).toEqual([])
  })
})

it('closes once, whoever asks', () => {
  const { socket, connection } = open()
  connection.close(1001, 'stopping')
  connection.close(4008, 'slow')
  expect(socket.ended).toEqual([{ code: 1001, reason: 'stopping' }])
})

it('that reads nothing is closed 4008 also when only answers to its pings wait', () => {
  const { connection, socket, session } = open()
  session.expiresAtMs = WALL_MS + 3_600_000
  socket.stuckBytes = 1_000_000
  connection.wasPinged()
  for (let second = 1; second <= 12; second++) connection.sweep(second * 1_000, WALL_MS)
  socket.unstick()
  connection.drained(12_000)
  expect(socket.ended).toEqual([{ code: 4008, reason: 'slow reader' }])
})

it('that reads nothing is closed 4008 also when only our pings wait', () => {
  const { connection, socket, session, told } = open()
  session.expiresAtMs = WALL_MS + 3_600_000
  socket.stuck = true
  connection.ping()
  expect(told.hastened).toBe(1)
  for (let second = 1; second <= 12; second++) connection.sweep(second * 1_000, WALL_MS)
  socket.unstick()
  connection.drained(12_000)
  expect(socket.ended).toEqual([{ code: 4008, reason: 'slow reader' }])
})

it('makes room for the next login with the reply to its own', () => {
  const { connection, session, logins } = open()
  session.expiresAtMs = WALL_MS + 3_600_000
  expect(logins()).toBe(0)
  connection.send('{"jsonrpc":"2.0","id":1,"result":{"authenticated":true}}', false)
  expect(logins()).toBe(1)
})
