import { expect, it } from 'vitest'
import { createLogger } from '../../../src/base/logger.js'

function record(format: 'json' | 'text') {
  const lines: string[] = []
  return { lines, logger: createLogger({ level: 'info', format, write: (line) => lines.push(line) }) }
}

it('writes one line per entry for people, whatever the values hold', () => {
  const { lines, logger } = record('text')
  logger.child({ component: 'media' }).warn({ detail: 'no\n12:00:00.000 INFO  all is well', count: 2, word: 'down' }, 'state')
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} WARN {2}media: state detail="no\\n12:00.*well" count=2 word=down\n$/)
})

it('removes secrets, also one and two levels down', () => {
  const { lines, logger } = record('json')
  const hidden = { token: 's3cret', password: 's3cret', jwt_secret_key: 's3cret' }
  logger.info({ ...hidden, call: hidden, deep: { call: hidden } }, 'login')
  expect(lines.join('')).not.toContain('s3cret')
  expect(lines.join('').match(/\[removed\]/g)).toHaveLength(9)
})

it('removes secrets of lists, of what a child logger always says, and of errors; what was logged keeps them', () => {
  const { lines, logger } = record('json')
  const facts = {
    list: [{ secret: 's3cret', name: 'door' }, 'plain'],
    error: Object.assign(new Error('no'), { token: 's3cret' }),
  }
  logger.child({ component: 'http', api_key: 's3cret', call: { authorization: 's3cret' } }).info(facts, 'login')
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    component: 'http',
    api_key: '[removed]',
    call: { authorization: '[removed]' },
    list: [{ secret: '[removed]', name: 'door' }, 'plain'],
    error: { token: '[removed]' },
  })
  expect(facts.list[0]).toEqual({ secret: 's3cret', name: 'door' })
})

it('takes facts that hold themselves', () => {
  const { lines, logger } = record('json')
  const facts: Record<string, unknown> = { word: 'round', token: 's3cret' }
  facts.self = facts
  expect(() => logger.info(facts, 'again')).not.toThrow()
  expect(lines.join('')).not.toContain('s3cret')
})
