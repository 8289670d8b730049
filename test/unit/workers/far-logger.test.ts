import { expect, it } from 'vitest'
import { createLogger } from '../../../src/base/logger.js'
import { farLogger, type LogTold, writeTold } from '../../../src/workers/far-logger.js'

it('tells lines with what its parents were given, and no line below its level', () => {
  const told: LogTold[] = []
  const logger = farLogger((line) => told.push(structuredClone(line)), 'info').child({ component: 'http' })
  logger.debug({}, 'nobody wants to know')
  logger.info({ port: 1 }, 'listening')
  logger.child({ client: 'client_1' }).error({ error: new Error('away'), count: 2 }, 'failed')
  logger.warn('a text alone')
  expect(told).toEqual([
    { level: 'info', fields: { component: 'http', port: 1 }, text: 'listening' },
    {
      level: 'error',
      fields: { component: 'http', client: 'client_1', error: expect.stringContaining('Error: away'), count: 2 },
      text: 'failed',
    },
    { level: 'warn', fields: { component: 'http' }, text: 'a text alone' },
  ])
})

it('is written at home, where secrets are removed', () => {
  const lines: string[] = []
  const logger = createLogger({ level: 'info', format: 'json', write: (line) => void lines.push(line) })
  writeTold(logger, { thread: 2 }, { level: 'warn', fields: { component: 'rpc', token: 'secret' }, text: 'odd' })
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'warn', thread: 2, component: 'rpc', msg: 'odd' })
  expect(lines[0]).not.toContain('secret')
})
