import { expect, it } from 'vitest'
import { type SignalParts, signalActions } from '../../../src/app/signals.js'
import { createLogger } from '../../../src/base/logger.js'

function actions(change: Partial<SignalParts>) {
  const steps: string[] = []
  const log: Record<string, unknown>[] = []
  const parts: SignalParts = {
    logger: createLogger({ level: 'info', format: 'json', write: (line) => log.push(JSON.parse(line)) }),
    reopenLog: async () => void steps.push('log'),
    reloadService: async () => void steps.push('service'),
    reloadKeys: async () => void steps.push('keys'),
    reloadConfig: async () => void steps.push('config'),
    statistics: () => ({ camera0: { fps: 30 } }),
    devices: () => ['camera0', 'camera1'],
    restart: async (device, { waitMs }) => steps.push(`${device} ${waitMs}`) > 0,
    ...change,
  }
  return { ...signalActions(parts), steps, log }
}

it('SIGHUP: log files first, then the configuration; what fails is told and nothing else', async () => {
  const good = actions({})
  await good.reload()
  expect(good.steps).toEqual(['log', 'service', 'keys', 'config'])
  const bad = actions({ reloadConfig: () => Promise.reject(new Error('config.json:1:2: value expected')) })
  await bad.reload()
  expect(bad.log).toMatchObject([{ level: 'error', component: 'signals', error: 'config.json:1:2: value expected' }])
  await actions({ reloadConfig: undefined }).reload()
})

it('SIGUSR1: one record', async () => {
  const { logStatistics, log } = actions({})
  await logStatistics()
  expect(log).toMatchObject([{ level: 'info', msg: 'Statistics', document: { camera0: { fps: 30 } } }])
  const failing = actions({
    statistics: () => {
      throw new Error('no')
    },
  })
  await failing.logStatistics()
  expect(failing.log).toMatchObject([{ level: 'error', error: 'no' }])
})

it('SIGUSR2: all cameras at the same time; one that fails is told and holds up none', async () => {
  const { restartCameras, steps, log } = actions({
    devices: () => ['camera0', 'camera1', 'camera2'],
    restart: async (device) => {
      steps.push(device)
      if (device === 'camera0') throw new Error('busy')
      return device === 'camera2'
    },
  })
  await restartCameras()
  expect(steps).toEqual(['camera0', 'camera1', 'camera2'])
  expect(log.filter(({ level }) => level === 'error').map(({ device, error }) => [device, error])).toEqual([
    ['camera0', 'busy'],
    ['camera1', 'no frames yet'],
  ])
})
