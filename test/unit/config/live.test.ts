import { describe, expect, it } from 'vitest'
import { LiveConfig } from '../../../src/config/index.js'
import { KEYS } from '../../../src/config/schema.js'
import { load } from './sources.js'

describe('the configuration of a running service', () => {
  it('takes the values of live keys at once and keeps those of the others', async () => {
    const [first, next] = [
      await load(),
      await load({ yaml: 'snapshots: {quality: 11}\nserver: {port: 9, max_connections: 7}\n' }),
    ]
    const live = new LiveConfig(first.config)
    const { snapshots, server } = live.config
    expect(live.take(next.config)).toEqual({ applied: ['server.max_connections', 'snapshots.quality'], pending: ['server.port'] })
    expect([snapshots.quality, server.max_connections, server.port]).toEqual([11, 7, 8002])
    expect(live.config).toEqual({
      ...first.config,
      server: { ...first.config.server, max_connections: 7 },
      snapshots: { ...first.config.snapshots, quality: 11 },
    })
  })

  it('tells of what waits until it is back at what is in force', async () => {
    const first = await load()
    const live = new LiveConfig(first.config)
    const { config: moved } = await load({ yaml: 'server: {port: 9}' })
    expect(live.take(moved)).toEqual({ applied: [], pending: ['server.port'] })
    expect(live.take(moved)).toEqual({ applied: [], pending: ['server.port'] })
    expect(live.take(first.config)).toEqual({ applied: [], pending: [] })
  })

  it('equals what was loaded, key by key, and cannot be written to', async () => {
    const { config } = await load({ yaml: 'camera: {modes: {camera0: "@5"}}\nlogging: {level: debug}\n' })
    const live = new LiveConfig(config)
    expect(JSON.parse(JSON.stringify(live.config))).toEqual(JSON.parse(JSON.stringify(config)))
    for (const { path } of KEYS) {
      const names = path.split('.')
      const name = names.pop() ?? ''
      const section = names.reduce((at, each) => Reflect.get(at, each) as object, live.config as object)
      expect(Reflect.set(section, name, 'other'), path).toBe(false)
    }
  })
})
