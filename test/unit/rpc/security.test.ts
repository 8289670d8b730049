/** Attacks through calls, each by the id of its requirement (reliability-security.md §3.2 and 3.3). */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Identity, Role } from '../../../src/auth/index.js'
import { ServiceError } from '../../../src/base/errors.js'
import { METHODS, type TokenVerifier } from '../../../src/rpc/index.js'
import { RANK } from '../../../src/rpc/session.js'
import type { Incoming } from '../../support/rpc-client.js'
import { memoryServices } from '../../support/rpc-server.js'
import { type Caller, createBench } from '../../support/rpc-session.js'

const ROLES = ['viewer', 'operator', 'admin'] as const
/** Good enough for every method to come to its work. */
const SOUND: Readonly<Record<string, object>> = {
  set_camera_controls: { device: 'camera0', controls: { brightness: 3 } },
  reset_camera_controls: { device: 'camera0', controls: ['brightness'] },
  get_recording_info: { filename: 'a' },
  get_snapshot_info: { filename: 'a.jpg' },
  delete_recording: { filename: 'a' },
  delete_snapshot: { filename: 'a.jpg' },
  add_external_stream: { stream_url: 'rtsp://192.0.2.1/a', stream_name: 'a' },
  remove_external_stream: { stream_url: 'rtsp://192.0.2.1/a' },
  set_discovery_interval: { scan_interval: 60 },
  subscribe_events: { topics: ['camera.connected'], filters: { device: 'camera0' } },
  unsubscribe_events: { topics: ['camera.connected'] },
  set_retention_policy: { policy_type: 'age', max_age_days: 7, enabled: true },
}
const soundOf = (name: string): object => SOUND[name] ?? { device: 'camera0' }

const RETIRED = 'a token that was revoked'
const EXPIRED = 'a token that has expired'

/** Takes `ROLE` for a token, and two that are over once they are in. */
function verifier(now: () => number) {
  let over = false
  const identity = (role: Role, userId: string): Identity => ({
    userId,
    role,
    get expiresAtMs() {
      return over && userId !== 'ann' ? now() : now() + 3_600_000
    },
  })
  const verify: TokenVerifier['verify'] = (token) => {
    const role = ROLES.find((each) => token.endsWith(each))
    if (role === undefined) throw new ServiceError('AUTH_FAILED')
    return identity(role, token === role ? 'ann' : token)
  }
  const end = (): void => {
    over = true
  }
  return { verify, end }
}

async function answerOf(caller: Caller, method: string, params: object): Promise<Incoming | undefined> {
  const before = caller.received.length
  caller.call(method, params)
  await new Promise((resolve) => setImmediate(resolve))
  return caller.received[before]
}

describe('S-29 role escape', () => {
  it('every method × every role × without login, expired, revoked: as the table says', async () => {
    const bench = createBench()
    const own = verifier(() => bench.clock.wallMs())
    const guarded = createBench({ verifier: own })
    const callers = new Map<string, Caller>([['nobody', guarded.open()]])
    for (const role of ROLES) {
      for (const token of [role, `${EXPIRED} ${role}`, `${RETIRED} ${role}`]) {
        const caller = guarded.open()
        caller.call('authenticate', { auth_token: token })
        callers.set(token, caller)
      }
    }
    own.end()
    const wrong: string[] = []
    for (const { name, role: needed } of METHODS.filter((method) => method.name !== 'authenticate')) {
      for (const [who, caller] of callers) {
        const code = (await answerOf(caller, name, soundOf(name)))?.error?.code
        const role = ROLES.find((each) => each === who)
        const held = role === undefined ? 0 : RANK[role]
        const expected = needed === 'none' ? undefined : held === 0 ? -32001 : held < RANK[needed] ? -32002 : 'served'
        const seen = code === -32001 || code === -32002 ? code : expected === undefined ? undefined : 'served'
        if (seen !== expected) wrong.push(`${name} by ${who}: ${expected} expected, ${code} seen`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('an unknown method is unknown to everybody alike, also one that every object has', () => {
    const bench = createBench()
    for (const role of [undefined, ...ROLES]) {
      const caller = bench.open()
      if (role !== undefined) caller.login(role)
      for (const name of [
        'no_such',
        'toString',
        'constructor',
        '__proto__',
        'hasOwnProperty',
        'GET_CAMERA_LIST',
        'ping ',
        'rpc.x',
      ])
        expect(caller.call(name)?.error?.code, `${name} by ${role}`).toBe(-32601)
    }
  })

  it('every method has one role, so that a new one is closed unless it says otherwise', () => {
    expect(METHODS.filter(({ role }) => !['none', ...ROLES].includes(role))).toEqual([])
    expect(METHODS.filter(({ role }) => role === 'none').map(({ name }) => name)).toEqual(['ping', 'authenticate'])
  })
})

it('S-31 auth state races: 1 000 interleavings of logins and calls, none served above the role that was answered last', async () => {
  for (let seed = 1; seed <= 1_000; seed++) {
    const random = seeded(seed)
    const waiting: (() => void)[] = []
    const now = Date.now()
    const verify: TokenVerifier['verify'] = (token) => {
      const role = ROLES.find((each) => each === token)
      const identity = role && { userId: 'ann', role, expiresAtMs: now * 10 }
      if (random() < 0.3 && identity !== undefined) return identity
      return new Promise((resolve, reject) => {
        waiting.push(() => (identity === undefined ? reject(new ServiceError('AUTH_FAILED')) : resolve(identity)))
      })
    }
    const caller = createBench({ verifier: { verify } }).open()
    let role: Role | undefined
    let read = 0
    /** Roles as the client hears of them; a failed login changes nothing. */
    const hear = (): void => {
      for (const { result } of caller.received.slice(read)) {
        const login = result as { readonly authenticated?: boolean; readonly role?: Role } | undefined
        if (login?.authenticated === true) role = login.role
      }
      read = caller.received.length
    }
    for (let step = 0; step < 20; step++) {
      const dice = random()
      if (dice < 0.4) caller.call('authenticate', { auth_token: [...ROLES, 'nonsense'][Math.floor(random() * 4)] })
      else if (dice < 0.6) {
        waiting.splice(Math.floor(random() * waiting.length), 1)[0]?.()
        await new Promise((resolve) => setImmediate(resolve))
      } else {
        hear()
        const held = role === undefined ? 0 : RANK[role]
        for (const { name, role: needed } of METHODS.filter((method) =>
          ['get_camera_list', 'set_retention_policy', 'start_streaming'].includes(method.name),
        )) {
          const before = caller.received.length
          caller.call(name, soundOf(name))
          await new Promise((resolve) => setImmediate(resolve))
          const served = ![-32001, -32002].includes(caller.received[before]?.error?.code ?? 0)
          if (served !== held >= RANK[needed]) throw new Error(`seed ${seed}: ${name} as ${role}: served ${served}`)
        }
      }
      hear()
    }
  }
}, 60_000)

describe('S-48 prototype pollution', () => {
  const members = ['__proto__', 'constructor', 'prototype', '__defineGetter__', 'toString']
  const values = ['{"polluted":1}', '{"prototype":{"polluted":1}}', '"x"', 'null', '[1]']
  const cases = METHODS.filter(({ name }) => name !== 'authenticate').flatMap(({ name }) =>
    members.flatMap((member) => values.map((value) => ({ name, member, value }))),
  )

  it(`${cases.length} calls with members of that kind answer as without them, and nothing is polluted`, async () => {
    const before = Object.getOwnPropertyNames(Object.prototype).sort()
    expect(cases.length).toBeGreaterThanOrEqual(500)
    const bench = createBench()
    const caller = bench.open()
    caller.login('admin')
    const ask = async (text: string): Promise<string> => {
      const at = caller.received.length
      caller.send(text)
      await new Promise((resolve) => setImmediate(resolve))
      return JSON.stringify(caller.received[at], (key, value: unknown) =>
        /time|uptime|_at$|cpu|memory|request_id/.test(key) ? 0 : value,
      )
    }
    const envelope = (name: string, params: string): string => `{"jsonrpc":"2.0","id":7,"method":"${name}","params":${params}}`
    for (const { name, member, value } of cases) {
      const sound = JSON.stringify(soundOf(name))
      caller.call('subscribe_events', { topics: ['camera.connected'] })
      const plain = await ask(envelope(name, sound))
      caller.call('subscribe_events', { topics: ['camera.connected'] })
      const dirty = await ask(envelope(name, `${sound.slice(0, -1)},"${member}":${value}}`))
      expect(dirty, `${name} with ${member} ${value}`).toBe(plain)
      expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(before)
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
    }
  }, 30_000)

  it('in the envelope and below a parameter it is not followed either', async () => {
    const caller = createBench().open()
    caller.login('admin')
    const pong = caller.send('{"jsonrpc":"2.0","id":1,"__proto__":{"method":"get_metrics"},"method":"ping"}')
    expect(pong?.result).toBe('pong')
    expect(caller.send('{"jsonrpc":"2.0","id":1,"__proto__":{"method":"ping"}}')?.error?.code).toBe(-32600)
    const filters = '{"__proto__":{"polluted":1},"constructor":"x"}'
    const request = `{"jsonrpc":"2.0","id":2,"method":"subscribe_events","params":{"topics":["camera.connected"],"filters":${filters}}}`
    expect(caller.send(request)?.error?.code).toBe(-32602)
    const controls = '{"__proto__":{"brightness":1},"constructor":2}'
    caller.send(`{"jsonrpc":"2.0","id":3,"method":"set_camera_controls","params":{"device":"camera0","controls":${controls}}}`)
    await new Promise((resolve) => setImmediate(resolve))
    expect(({} as { polluted?: unknown; brightness?: unknown }).polluted).toBeUndefined()
    expect(({} as { brightness?: unknown }).brightness).toBeUndefined()
  })
})

describe('S-49 schema escape', () => {
  /** Texts of values that no parameter takes, whatever it is. */
  const odd = ['1e400', '-1e400', '{"a":{}}', '[[]]', 'true', '9007199254740993.5', '""', '"\\ud800"', '-1', '"camera0\\u0000"']
  const parameters = METHODS.filter(({ name }) => name !== 'authenticate').flatMap(({ name, params }) =>
    Object.keys(params.properties).flatMap((param) => odd.map((value) => ({ name, param, value }))),
  )

  it(`${parameters.length} values out of every bound: refused by name or harmless, and never an internal error`, async () => {
    const bench = createBench()
    const caller = bench.open()
    caller.login('admin')
    const wrong: string[] = []
    let refused = 0
    for (const { name, param, value } of parameters) {
      const others = Object.entries(soundOf(name)).filter(([key]) => key !== param)
      const text = [...others.map(([key, each]) => `"${key}":${JSON.stringify(each)}`), `"${param}":${value}`].join()
      const at = caller.received.length
      caller.send(`{"jsonrpc":"2.0","id":7,"method":"${name}","params":{${text}}}`)
      await new Promise((resolve) => setImmediate(resolve))
      const error = caller.received[at]?.error
      if (error?.code === -32603) wrong.push(`${name} ${param}=${value}: internal error`)
      if (error?.code !== -32602) continue
      refused += 1
      if (error.data.param !== param) wrong.push(`${name} ${param}=${value}: ${error.data.param} is named`)
    }
    expect(wrong).toEqual([])
    expect(refused).toBeGreaterThan(parameters.length * 0.6)
    expect(bench.logs).toEqual([])
  })

  it('of two members with one name the last counts, as for JSON.parse; unknown ones are not passed on', async () => {
    const taken: unknown[] = []
    const services = memoryServices()
    const bench = createBench({
      services: {
        snapshots: {
          take: async (params, signal) => {
            taken.push(params)
            return services.snapshots.take(params, signal)
          },
        },
      },
    })
    const caller = bench.open()
    caller.login('operator')
    caller.send(
      '{"jsonrpc":"2.0","id":1,"method":"take_snapshot","params":{"device":"camera9","device":"camera0","evil":{"a":1},"dir":"/etc"}}',
    )
    await new Promise((resolve) => setImmediate(resolve))
    expect(taken).toEqual([{ device: 'camera0' }])
  })
})

it('S-54 a hundred thousand method names leave nothing behind', () => {
  const bench = createBench()
  const caller = bench.open()
  const random = seeded(54)
  const before = bench.rpc.stats()
  for (let count = 0; count < 100_000; count++) {
    caller.send(`{"jsonrpc":"2.0","id":1,"method":"m${Math.floor(random() * 1e15).toString(36)}"}`)
    if (caller.received.length > 1_000) caller.received.length = 0
  }
  const after = bench.rpc.stats()
  expect(Object.keys(after)).toEqual(Object.keys(before))
  expect(after.failures - before.failures).toBe(100_000)
  expect(bench.logs).toEqual([])
})

it('whatever is sent, there is an answer or silence, and never an internal error', () => {
  const bench = createBench()
  const caller = bench.open()
  caller.login('admin')
  const names = METHODS.map(({ name }) => name).filter((name) => name !== 'authenticate')
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.dictionary(fc.string(), fc.jsonValue()), (method, params) => {
      const reply = caller.call(method, params)
      expect(reply?.error?.code).not.toBe(-32603)
    }),
    { numRuns: 3_000 },
  )
})

/** Mulberry32. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
