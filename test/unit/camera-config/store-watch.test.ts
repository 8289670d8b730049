import { renameSync, writeFileSync } from 'node:fs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { removeFolders, started, type TestStore } from './support.js'

/** A loaded machine takes its time. */

afterEach(removeFolders)

describe('the watch', () => {
  async function watched(): Promise<TestStore> {
    return started('{"server":{"watch_config":true},"camera":{"fps":15}}')
  }

  const text = (fps: number) => `{"server":{"watch_config":true},"camera":{"fps":${fps}}}`

  it('takes over a file written in place or renamed into place, after 200 ms of quiet', async () => {
    const { store, clock, write, file } = await watched()
    write(text(20))
    await vi.waitFor(() => expect(clock.pending).toBe(1))
    clock.advance(199)
    expect(store.current.camera.fps).toBe(15)
    clock.advance(1)
    await vi.waitFor(() => expect(store.current.camera.fps).toBe(20))
    writeFileSync(`${file}.new`, text(25))
    renameSync(`${file}.new`, file)
    await vi.waitFor(() => {
      clock.advance(200)
      expect(store.current.camera.fps).toBe(25)
    })
    await store.stop()
  })

  it('keeps what is in force when the new file is broken, and says so', async () => {
    const { store, clock, write, log } = await watched()
    const refused: string[] = []
    store.events.on('reloadRefused', ({ reason }) => refused.push(reason))
    write('{')
    await vi.waitFor(() => {
      clock.advance(200)
      expect(log).toContainEqual(expect.objectContaining({ level: 'error', error: expect.stringContaining('config.json:1:2') }))
    })
    expect(store.current.camera.fps).toBe(15)
    await expect(store.reload()).rejects.toThrow('config.json:1:2')
    // A client that sends what is wrong has its answer.
    await expect(store.put({ camera: { fps: -1 } })).rejects.toThrow()
    expect(refused).toEqual([expect.stringContaining('config.json:1:2'), expect.stringContaining('config.json:1:2')])
    await store.stop()
  })

  it('ignores writes of its own', async () => {
    const { store, clock, log } = await watched()
    await store.put({ camera: { fps: 30 } })
    await vi.waitFor(() => expect(clock.pending).toBe(1))
    const said = log.length
    clock.advance(200)
    await store.reload()
    expect(log.length).toBe(said)
    await store.stop()
  })

  it('is switched on and off while the service runs, and ends with it', async () => {
    const { store, clock, write } = await started('{"camera":{"fps":15}}')
    write('{"camera":{"fps":15}} ')
    await store.put({ server: { watch_config: true } })
    write(text(20))
    await vi.waitFor(() => {
      clock.advance(200)
      expect(store.current.camera.fps).toBe(20)
    })
    await store.stop()
    expect(clock.pending).toBe(0)
  })
})
