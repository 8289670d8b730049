import { describe, expect, it } from 'vitest'
import { METHODS, type Snapshot } from '../../../src/rpc/index.js'
import { RANK } from '../../../src/rpc/session.js'
import { memoryServices, snapshot } from '../../support/rpc-server.js'
import { type BenchOptions, type Caller, createBench } from '../../support/rpc-session.js'

const ROLES = ['viewer', 'operator', 'admin'] as const

describe('order of checks', () => {
  it('looks at the method before the login', () => {
    const caller = createBench().open()
    expect(caller.call('no_such_method')?.error).toMatchObject({
      code: -32601,
      message: 'Method not found',
      data: { reason: 'method_not_found' },
    })
    expect(caller.call('camera_status_update')?.error?.code).toBe(-32601)
  })

  it('names each method that there is not, however many and however often', () => {
    const caller = createBench().open()
    for (const round of ['first', 'second', 'third']) {
      for (let index = 0; index < 100; index++) {
        const details = `there is no method "wrong_${index}"`
        expect(caller.call(`wrong_${index}`)?.error, round).toMatchObject({ code: -32601, data: { details } })
      }
    }
  })

  it('looks at the login before the parameters', () => {
    const error = createBench().open().call('get_camera_status', { device: 5 })?.error
    expect(error).toMatchObject({
      code: -32001,
      message: 'Authentication failed or token expired',
      data: { reason: 'auth_required', details: expect.any(String), suggestion: expect.any(String) },
    })
  })

  it('looks at the role before the parameters', () => {
    const caller = createBench().open()
    caller.login('viewer')
    expect(caller.call('take_snapshot', { device: 5 })?.error).toMatchObject({
      code: -32002,
      message: 'Permission denied',
      data: { reason: 'permission_denied', required_role: 'operator', have_role: 'viewer' },
    })
  })

  it('looks at readiness before the parameters, but not for ping, authenticate and get_system_status', () => {
    const services = memoryServices()
    const bench = createBench({ services: { system: { ...services.system, ready: () => false } } })
    const caller = bench.open()
    expect(caller.call('ping')?.result).toBe('pong')
    caller.login('admin')
    expect(caller.call('get_system_status')?.result).toMatchObject({ available_cameras: ['camera0', 'camera2'] })
    expect(caller.call('get_camera_status', { device: 5 })?.error).toMatchObject({
      code: -32050,
      data: { reason: 'service_initializing' },
    })
  })

  it('looks at the parameters before the operation', () => {
    const caller = createBench().open()
    caller.login('viewer')
    expect(caller.call('get_camera_status', {})?.error).toMatchObject({ code: -32602, data: { param: 'device' } })
    expect(caller.call('get_camera_status', { device: 'camera7' })?.error).toMatchObject({
      code: -32010,
      message: 'Camera not found',
      data: { reason: 'camera_not_found', resource: 'camera', id: 'camera7' },
    })
  })

  it('tells parameters beyond a limit in their turn', () => {
    const caller = createBench().open()
    const params = { list: Array.from({ length: 1025 }, () => 0) }
    expect(caller.call('get_camera_list', params)?.error?.code).toBe(-32001)
    caller.login('viewer')
    expect(caller.call('get_camera_list', params)?.error).toMatchObject({ code: -32602, data: { param: 'params' } })
  })
})

describe('roles', () => {
  const cases = METHODS.flatMap((method) => ROLES.map((role) => ({ name: method.name, needs: method.role, role })))

  it.each(cases)('$name by $role', ({ name, needs, role }) => {
    const caller = createBench().open()
    caller.login(role)
    const refused = caller.call(name, { device: 'camera0', topics: ['system.health'] })?.error?.code === -32002
    expect(refused).toBe(RANK[role] < RANK[needs])
  })

  it('has the roles of the contract', () => {
    const open = METHODS.filter((method) => method.role === 'none').map((method) => method.name)
    const operator = METHODS.filter((method) => method.role === 'operator').map((method) => method.name)
    const admin = METHODS.filter((method) => method.role === 'admin').map((method) => method.name)
    expect(open).toEqual(['ping', 'authenticate'])
    expect(operator).toEqual([
      'set_camera_controls',
      'reset_camera_controls',
      'take_snapshot',
      'start_recording',
      'stop_recording',
      'start_streaming',
      'stop_streaming',
      'discover_external_streams',
      'add_external_stream',
      'remove_external_stream',
    ])
    expect(admin).toEqual([
      'delete_recording',
      'delete_snapshot',
      'set_discovery_interval',
      'get_metrics',
      'get_status',
      'get_system_health',
      'get_storage_info',
      'set_retention_policy',
      'cleanup_old_files',
    ])
  })
})

describe('notifications from clients', () => {
  it('are executed and never answered', () => {
    const caller = createBench().open()
    caller.login('viewer')
    expect(caller.send({ jsonrpc: '2.0', method: 'subscribe_events', params: { topics: ['snapshot.taken'] } })).toBeUndefined()
    expect(caller.call('get_subscription_stats')?.result).toMatchObject({ client_topics: ['snapshot.taken'] })
  })

  it.each(['nothing_like_this', 'get_camera_status', 'get_status'])('are not answered with errors: %s', (method) => {
    const caller = createBench().open()
    expect(caller.send({ jsonrpc: '2.0', id: null, method })).toBeUndefined()
    expect(caller.send({ jsonrpc: '2.0', method, params: [] })).toBeUndefined()
  })
})

describe('rate limit', () => {
  it('counts every call once, ping and broken messages too, and says how long to wait', () => {
    const bench = createBench({ callsPerMinute: 3 })
    const caller = bench.open()
    expect(caller.call('ping')?.result).toBe('pong')
    expect(caller.send('not json')?.error?.code).toBe(-32600)
    expect(caller.call('no_such_method')?.error?.code).toBe(-32601)
    const error = caller.call('ping')?.error
    expect(error).toMatchObject({ code: -32040, message: 'Rate limited', data: { reason: 'rate_limit' } })
    bench.clock.advance(Number(error?.data.retry_after_ms))
    expect(caller.call('ping')?.result).toBe('pong')
  })

  it('refuses a legacy login with a result, and any other with the error', () => {
    const bench = createBench({ callsPerMinute: 1 })
    const caller = bench.open()
    caller.call('ping')
    expect(caller.call('authenticate', { token: bench.token('viewer') })).toEqual({
      ...{ jsonrpc: '2.0', id: expect.anything(), result: { authenticated: false, error: 'Rate limited' } },
    })
    expect(caller.call('authenticate', { auth_token: bench.token('viewer') })?.error?.code).toBe(-32040)
    expect(caller.call('authenticate', { auth_token: '', token: bench.token('viewer') })?.error?.code).toBe(-32040)
    expect(caller.call('ping', { token: bench.token('viewer') })?.error?.code).toBe(-32040)
    expect(caller.call('get_camera_list')?.error?.code).toBe(-32040)
  })

  it('is one per connection', () => {
    const bench = createBench({ callsPerMinute: 1 })
    const [one, other] = [bench.open(), bench.open()]
    one.call('ping')
    expect(one.call('ping')?.error?.code).toBe(-32040)
    expect(other.call('ping')?.result).toBe('pong')
  })

  it('closes who goes on after 100 refusals within 10 s', () => {
    const caller = createBench({ callsPerMinute: 1 }).open()
    for (let sent = 0; sent < 100; sent++) caller.call('ping')
    expect(caller.closes).toEqual([])
    caller.call('ping')
    expect(caller.closes).toEqual([{ code: 4029, reason: expect.any(String) }])
  })

  it('bears with who is refused slowly', () => {
    const bench = createBench({ callsPerMinute: 1 })
    const caller = bench.open()
    for (let sent = 0; sent < 300; sent++) {
      caller.call('ping')
      bench.clock.advance(150)
    }
    expect(caller.closes).toEqual([])
  })
})

describe('work under way', () => {
  function stuckSnapshots(options: BenchOptions = {}) {
    const finish: (() => void)[] = []
    const take = (): Promise<Snapshot> => new Promise((resolve) => finish.push(() => resolve(snapshot('camera0', 'a.jpg'))))
    return { finish, bench: createBench({ ...options, services: { snapshots: { take } } }) }
  }

  it('is limited to 32 calls of a connection; quick calls go on', async () => {
    const { finish, bench } = stuckSnapshots()
    const caller = bench.open()
    caller.login('operator')
    for (let sent = 0; sent < 32; sent++) expect(caller.call('take_snapshot', { device: 'camera0' })).toBeUndefined()
    expect(caller.call('take_snapshot', { device: 'camera0' })?.error).toMatchObject({ code: -32040 })
    expect(caller.call('ping')?.result).toBe('pong')
    finish[0]?.()
    await expect.poll(() => caller.received.at(-1)?.result).toMatchObject({ status: 'SUCCESS' })
    expect(caller.call('take_snapshot', { device: 'camera0' })).toBeUndefined()
  })

  it('is limited to 256 of a kind on all connections', () => {
    const { bench } = stuckSnapshots()
    for (let connection = 0; connection < 8; connection++) {
      const caller = bench.open()
      caller.login('operator')
      for (let sent = 0; sent < 32; sent++) caller.call('take_snapshot', { device: 'camera0' })
    }
    const late = bench.open()
    late.login('operator')
    expect(late.call('take_snapshot', { device: 'camera0' })?.error?.code).toBe(-32040)
    expect(late.call('get_camera_list')?.result).toBeDefined()
  })

  it('is limited to what is configured, also when that changes', () => {
    const workLimits = { perConnection: 2, perKind: 3 }
    const { bench } = stuckSnapshots({ workLimits })
    const [one, two] = [bench.open(), bench.open()]
    for (const caller of [one, two]) caller.login('operator')
    const codes = (caller: Caller, calls: number) =>
      Array.from({ length: calls }, () => caller.call('take_snapshot', { device: 'camera0' })?.error?.code)
    expect(codes(one, 3)).toEqual([undefined, undefined, -32040])
    expect(codes(two, 2)).toEqual([undefined, -32040])
    workLimits.perKind = 4
    expect(codes(two, 2)).toEqual([undefined, -32040])
    expect(bench.rpc.stats()).toMatchObject({
      limited: { 'work of one connection': 2, 'work of one kind': 1 },
      underWay: { snapshot: 4 },
      answers: { 'take_snapshot -32040': 3, 'take_snapshot 0': 0, 'authenticate 0': 2 },
    })
  })

  it('is told when the client goes, and its result is dropped', async () => {
    const signals: AbortSignal[] = []
    const { promise, resolve } = deferred<Snapshot>()
    const take = (_params: unknown, signal: AbortSignal): Promise<Snapshot> => {
      signals.push(signal)
      return promise
    }
    const caller = createBench({ services: { snapshots: { take } } }).open()
    caller.login('operator')
    caller.call('take_snapshot', { device: 'camera0' })
    const before = caller.received.length
    caller.close()
    expect(signals[0]?.aborted).toBe(true)
    resolve(snapshot('camera0', 'a.jpg'))
    await promise
    await new Promise(setImmediate)
    expect(caller.received).toHaveLength(before)
  })
})

describe('unexpected failures', () => {
  const broken = {
    ...memoryServices().cameras,
    list: () => {
      throw new Error('secret of the inside')
    },
  }

  it('reach the client as a number that the log knows', () => {
    const bench = createBench({ services: { cameras: broken } })
    const caller = bench.open()
    caller.login('viewer')
    const error = caller.call('get_camera_list')?.error
    expect(error).toMatchObject({ code: -32603, message: 'Internal server error', data: { reason: 'internal_error' } })
    expect(JSON.stringify(error)).not.toContain('secret of the inside')
    expect(bench.logs.join()).toContain(String(error?.data.request_id))
    expect(bench.logs.join()).toContain('secret of the inside')
  })

  it('are logged five times a minute for each client, then counted', () => {
    const bench = createBench({ services: { cameras: broken } })
    const [caller, other] = [bench.open(), bench.open()]
    for (const one of [caller, other]) one.login('viewer')
    for (let count = 0; count < 9; count++) caller.call('get_camera_list')
    expect(bench.logs).toHaveLength(5)
    expect(bench.logs[4]).toContain('left out for a minute')
    other.call('get_camera_list')
    expect(bench.logs).toHaveLength(6)
    expect(bench.rpc.stats().linesLeftOut).toBe(4)
    bench.clock.advance(60_000)
    caller.call('get_camera_list')
    expect(JSON.parse(bench.logs[6] ?? '{}')).toMatchObject({ left_out: 4 })
  })

  it('include results that cannot be encoded, and rejections', async () => {
    const services = memoryServices()
    const caller = createBench({
      services: {
        system: { ...services.system, status: () => ({ ...services.system.status(), uptime: 5n }) as never },
        streams: { ...services.streams, list: () => Promise.reject(new Error('broken')) },
      },
    }).open()
    caller.login('admin')
    expect(caller.call('get_status')?.error?.code).toBe(-32603)
    caller.call('get_streams')
    await expect.poll(() => caller.received.at(-1)?.error?.code).toBe(-32603)
  })
})

function deferred<Value>() {
  let resolve: (value: Value) => void = () => undefined
  const promise = new Promise<Value>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
