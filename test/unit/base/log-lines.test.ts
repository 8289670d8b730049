import { describe, expect, it } from 'vitest'
import { formLine } from '../../../src/base/log-lines.js'
import { createSwitchableLogger, type LogOutput } from '../../../src/base/logger.js'

const AT = new Date(2030, 3, 1, 8, 15, 0, 7)
const line = (record: Readonly<Record<string, unknown>>): string =>
  `${JSON.stringify({ level: 'info', time: AT.toISOString(), msg: 'went well', ...record })}\n`

describe('the classic form', () => {
  it.each([
    [{ component: 'cameras' }, '2030-04-01 08:15:00,007 - main.CameraManager - INFO - went well\n'],
    [
      { component: 'cameras', device: 'camera2', fps: 30 },
      '2030-04-01 08:15:00,007 - main.CameraManager.camera2 - INFO - went well fps=30\n',
    ],
    [{ component: 'camera-config', level: 'warn' }, '2030-04-01 08:15:00,007 - main.ConfigManager - WARNING - went well\n'],
    [{ component: 'signals', level: 'error' }, '2030-04-01 08:15:00,007 - main.SignalHandler - ERROR - went well\n'],
    [{ component: 'camera-face', level: 'fatal' }, '2030-04-01 08:15:00,007 - main.Http - CRITICAL - went well\n'],
    [{ component: 'snapshots', level: 'debug' }, '2030-04-01 08:15:00,007 - main.Snapshots - DEBUG - went well\n'],
    [{}, '2030-04-01 08:15:00,007 - main - INFO - went well\n'],
  ])('%j', (record, expected) => {
    expect(formLine(line(record), 'classic')).toBe(expected)
  })
})

it.each(['classic', 'text'] as const)('%s: nobody else begins a line', (form) => {
  const forged = 'x\r\n2030-04-01 08:15:00,007 - main - INFO - all is well\u0085\u2028\u001b[2J\u007f'
  const text = formLine(line({ msg: forged, name: forged, nested: { deep: forged }, component: 'media' }), form)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  expect(text.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
  expect(text.endsWith('\n')).toBe(true)
})

it.each(['classic', 'text'] as const)('%s: a document that was asked for is shown as indented JSON', (form) => {
  const document = { camera0: { name: 'a\nb\u0085', fps: 30 } }
  const text = formLine(line({ document }), form)
  expect(text).toContain('went well\n{\n  "camera0"')
  expect(JSON.parse(text.slice(text.indexOf('{')))).toEqual(document)
})

it('json is the record as it is', () => {
  expect(formLine(line({ a: 1 }), 'json')).toBe(line({ a: 1 }))
})

describe('a logger whose outputs change', () => {
  function output(level: LogOutput['level'], format: LogOutput['format'] = 'text'): LogOutput & { readonly lines: string[] } {
    const lines: string[] = []
    return { level, format, lines, write: (text) => lines.push(text.replace(/^\S+ /, '').trim()) }
  }

  it('writes to each what its level asks for, and children follow a change', () => {
    const [first, second] = [output('info'), output('error')]
    const { logger, setOutputs } = createSwitchableLogger([first])
    const child = logger.child({ component: 'a' }).child({ device: 'b' })
    child.debug({}, 'one')
    child.info({}, 'two')
    setOutputs([first, second])
    child.info({}, 'three')
    child.error({}, 'four')
    const loud = output('debug')
    setOutputs([second, loud])
    child.debug({}, 'five')
    logger.fatal({}, 'six')
    setOutputs([])
    child.fatal({}, 'seven')
    expect(first.lines.map(last)).toEqual(['two', 'three', 'four'])
    expect(second.lines.map(last)).toEqual(['four', 'six'])
    expect(loud.lines.map(last)).toEqual(['five', 'six'])
  })

  it('is not slowed by children of the past', () => {
    const { logger, setOutputs } = createSwitchableLogger([output('info')])
    for (let count = 0; count < 1000; count++) logger.child({ count })
    const kept = logger.child({ kept: true })
    const loud = output('debug')
    setOutputs([loud])
    kept.debug({}, 'heard')
    expect(loud.lines).toHaveLength(1)
  })

  const last = (text: string): string | undefined =>
    text.split(' ').find((word) => /^(one|two|three|four|five|six|seven)$/.test(word))
})
