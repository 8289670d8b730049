import { describe, expect, it } from 'vitest'
import { Supervisor } from '../../../src/app/supervisor.js'
import { createLogger } from '../../../src/base/logger.js'
import { FakeClock } from '../../support/fake-clock.js'

const PID = 42

function setUp(env: Readonly<Record<string, string>>) {
  const clock = new FakeClock()
  const sent: string[] = []
  const log: Record<string, unknown>[] = []
  const state = { status: '1 of 1 cameras', stuck: undefined as string | undefined, deaf: false }
  const supervisor = new Supervisor({
    env,
    pid: PID,
    send: (address, message) => {
      if (state.deaf) throw new Error('ECONNREFUSED')
      sent.push(`${address} ${message}`)
    },
    status: () => state.status,
    stuck: () => state.stuck,
    clock,
    logger: createLogger({ level: 'info', format: 'json', write: (line) => log.push(JSON.parse(line)) }),
  })
  /** What was sent since the last look. */
  const news = (): string[] => sent.splice(0)
  return { supervisor, clock, state, log, news }
}

const WATCHED = { NOTIFY_SOCKET: '@s', WATCHDOG_USEC: '10000000' }

describe('a supervisor', () => {
  it('hears READY, the status when it changes, RELOADING and READY, STOPPING', () => {
    const { supervisor, clock, state, news } = setUp({ NOTIFY_SOCKET: '/run/s' })
    supervisor.ready()
    expect(news()).toEqual(['/run/s READY=1\nSTATUS=1 of 1 cameras'])
    clock.advance(60_000)
    expect(news()).toEqual([])
    state.status = '0 of 1 cameras'
    clock.advance(5_000)
    expect(news()).toEqual(['/run/s STATUS=0 of 1 cameras'])
    const end = supervisor.reloading()
    expect(news()).toEqual([expect.stringMatching(/^\/run\/s RELOADING=1\nMONOTONIC_USEC=\d+$/)])
    end()
    expect(news()).toEqual(['/run/s READY=1\nSTATUS=0 of 1 cameras'])
    supervisor.stopping()
    expect(news()).toEqual(['/run/s STOPPING=1\nSTATUS=stopping'])
    clock.advance(60_000)
    expect(news()).toEqual([])
    supervisor.end()
    expect(clock.pending).toBe(0)
  })

  it('hears of nothing that ends late once the service stops', () => {
    const { supervisor, clock, news } = setUp(WATCHED)
    supervisor.ready()
    const end = supervisor.reloading()
    supervisor.stopping()
    news()
    end()
    supervisor.reloading()()
    expect(news()).toEqual([])
    supervisor.end()
    supervisor.ready()
    expect([news(), clock.pending]).toEqual([[], 0])
  })

  it('R-12: its watchdog is fed twice in its time, while the service stops, too, and only while all makes progress', () => {
    const { supervisor, clock, state, log, news } = setUp(WATCHED)
    clock.advance(60_000)
    expect(news()).toEqual([])
    supervisor.ready()
    news()
    clock.advance(20_000)
    expect(news()).toEqual(Array(4).fill('@s WATCHDOG=1'))
    state.stuck = 'the comparison with MediaMTX'
    clock.advance(30_000)
    expect(news()).toEqual([])
    expect(log).toMatchObject([{ level: 'error', stuck: 'the comparison with MediaMTX' }])
    state.stuck = undefined
    supervisor.stopping()
    news()
    clock.advance(10_000)
    expect(news()).toEqual(Array(2).fill('@s WATCHDOG=1'))
    expect(supervisor.feeds).toBe(6)
  })

  it.each([
    ['another process', { ...WATCHED, WATCHDOG_PID: '7' }],
    ['nobody', { ...WATCHED, WATCHDOG_USEC: '0' }],
    ['nonsense', { ...WATCHED, WATCHDOG_USEC: 'often' }],
  ])('its watchdog is not fed when it is for %s', (_, env) => {
    const { supervisor, clock, news } = setUp(env)
    supervisor.ready()
    news()
    clock.advance(60_000)
    expect(news()).toEqual([])
  })

  it('that does not listen is told of once, and that is not there at all costs nothing', () => {
    const { supervisor, clock, state, log } = setUp({ ...WATCHED, WATCHDOG_PID: String(PID) })
    state.deaf = true
    supervisor.ready()
    clock.advance(60_000)
    expect(log).toMatchObject([{ level: 'warn', error: 'ECONNREFUSED' }])
    const alone = setUp({})
    alone.supervisor.ready()
    expect(alone.clock.pending).toBe(0)
  })
})
