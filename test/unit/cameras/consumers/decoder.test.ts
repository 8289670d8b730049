import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createLogger } from '../../../../src/base/logger.js'
import { Decoders } from '../../../../src/cameras/consumers/decoder.js'
import type { NativeEvent } from '../../../../src/native/index.js'
import { FakeClock } from '../../../support/fake-clock.js'

const SOURCE = '/dev/video0#1'

let dir: string
let decoders: Decoders | undefined
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'decoder-'))
})
afterEach(() => {
  decoders?.stop()
  rmSync(dir, { recursive: true, force: true })
})

/** `script` stands in for ffmpeg; each run leaves its process id in `pids`. */
function setUp(script: string, environment: Record<string, string> = {}) {
  const ffmpeg = join(dir, 'ffmpeg')
  writeFileSync(ffmpeg, `#!/bin/sh\necho $$ >> ${dir}/pids\n${script}\n`, { mode: 0o755 })
  const clock = new FakeClock()
  const log: string[] = []
  const open = new Map<number, number[]>()
  let feeds = 0
  const made = new Decoders({
    core: {
      openFeed: (_source, options) => {
        expect(options).toMatchObject({ codec: 'h264', decodes: true })
        const [readFd, writeFd] = [openSync('/dev/null', 'r'), openSync('/dev/null', 'w')]
        feeds += 1
        open.set(feeds, [readFd, writeFd])
        return { id: feeds, readFd, writeFd }
      },
      closeReadEnd: () => undefined,
      closeFeed: (feed) => {
        for (const fd of open.get(feed) ?? []) closeSync(fd)
        open.delete(feed)
      },
    },
    ffmpeg,
    environment: { PATH: process.env.PATH ?? '', ...environment },
    clock,
    logger: createLogger({ level: 'warn', format: 'json', write: (line) => log.push(line) }),
    random: () => 0.5,
  })
  decoders = made
  const tell = (event: object): void => made.handle([{ source: SOURCE, ...event } as NativeEvent])
  const demand = (wanted: boolean): void => tell({ type: 'jpeg_demand', wanted })
  const pids = (): number[] => {
    const file = join(dir, 'pids')
    // Whole lines only: the file is there before anything is in it, and what is no number would name our own process group.
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []
    return lines.map(Number)
  }
  const runs = (count: number) => vi.waitFor(() => expect(pids()).toHaveLength(count))
  const ends = (pid: number | undefined) => vi.waitFor(() => expect(alive(pid)).toBe(false))
  return { clock, log, open, tell, demand, pids, runs, ends }
}

function alive(pid = 0): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('decoders', () => {
  it('that failed are tried again for somebody who comes back before they are forgotten', async () => {
    const { clock, log, demand, runs } = setUp('exit 1')
    demand(true)
    await runs(1)
    await vi.waitFor(() => expect(log).toHaveLength(1))
    demand(false)
    clock.advance(1_000)
    demand(true)
    clock.advance(10_000)
    await runs(2)
  })

  it('that cannot even be tried leave no feed open, and are tried again', () => {
    // Too long for a program's environment: the call itself throws.
    const { clock, log, open, demand } = setUp('exit 0', { LARGE: 'x'.repeat(300_000) })
    demand(true)
    expect(open.size).toBe(0)
    expect(log.join()).toContain('ffmpeg cannot be started')
    clock.advance(500)
    demand(false)
    clock.advance(5_000)
    expect(clock.pending).toBe(0)
  })

  it('run while pictures are waited for, and a linger time beyond', async () => {
    const { clock, open, demand, pids, runs, ends } = setUp('exec sleep 60')
    demand(true)
    await runs(1)
    demand(false)
    clock.advance(4_000)
    demand(true)
    clock.advance(10_000)
    expect(alive(pids()[0])).toBe(true)
    demand(false)
    clock.advance(5_000)
    await ends(pids()[0])
    expect(open.size).toBe(0)
    expect(pids()).toHaveLength(1)
  })

  it.each([{ type: 'gone' }, { type: 'capture', state: 'stopped' }, { type: 'capture', state: 'failed' }])(
    'end with the capture (%o)',
    async (event) => {
      const { open, tell, demand, pids, runs, ends } = setUp('exec sleep 60')
      demand(true)
      await runs(1)
      tell(event)
      await ends(pids()[0])
      expect(open.size).toBe(0)
    },
  )

  it('are started again when they die, ever more slowly, and the reason is said once', async () => {
    const { clock, log, open, demand, runs } = setUp('echo no such decoder >&2; exit 1')
    demand(true)
    await runs(1)
    await vi.waitFor(() => expect(log).toHaveLength(1))
    expect(log[0]).toContain('no such decoder')
    expect(open.size).toBe(0)
    clock.advance(500)
    await runs(2)
    await vi.waitFor(() => expect(open.size).toBe(0))
    demand(true)
    clock.advance(500)
    clock.advance(500)
    await runs(3)
    expect(log).toHaveLength(1)
  })

  it('that die while nobody waits stay dead', async () => {
    const { clock, open, demand, pids, runs } = setUp('exec sleep 60')
    demand(true)
    await runs(1)
    demand(false)
    const [pid] = pids()
    if (!pid) throw new Error('the decoder has no process')
    process.kill(pid, 'SIGKILL')
    await vi.waitFor(() => expect(open.size).toBe(0))
    clock.advance(60_000)
    expect(pids()).toHaveLength(1)
  })

  it('that take nothing are replaced', async () => {
    const { clock, open, tell, demand, pids, runs, ends } = setUp('exec sleep 60')
    demand(true)
    await runs(1)
    tell({ type: 'feed_ended', feed: 1, reason: 'stalled' })
    await ends(pids()[0])
    await vi.waitFor(() => expect(open.size).toBe(0))
    clock.advance(500)
    await runs(2)
  })

  it('that cannot be started are said to be missing', async () => {
    const { log, demand } = setUp('')
    rmSync(join(dir, 'ffmpeg'))
    demand(true)
    await vi.waitFor(() => expect(log.join()).toContain('ffmpeg cannot be started'))
  })

  it('begin nothing once they are stopped, whatever the core still tells', () => {
    const { clock, open, demand } = setUp('exec sleep 60')
    decoders?.stop()
    demand(true)
    expect([open.size, clock.pending]).toEqual([0, 0])
  })

  it('end after lost events when their camera is not there any more', async () => {
    const { tell, demand, open, pids, runs, ends } = setUp('exec sleep 60')
    demand(true)
    await runs(1)
    tell({ type: 'resync', devices: [{ source: SOURCE }] })
    expect(open.size).toBe(1)
    tell({ type: 'resync', devices: [] })
    expect(open.size).toBe(0)
    await ends(pids()[0])
  })
})
