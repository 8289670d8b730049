import { expect, test } from 'vitest'
import { cameraBody, recordedBody } from '../../../../src/media/paths/body.js'
import { planPaths } from '../../../../src/media/paths/plan.js'

const options = { startTimeoutMs: 10_000, closeAfterMs: 10_000 }
const hooks = { demand: '/bin/hook /run/s', segmentCreated: '/bin/hook /run/s created', segmentCompleted: '' }
const body = recordedBody(cameraBody({ ...options, hooks, instance: 'one' }), undefined, false)
const sibling = recordedBody(cameraBody({ ...options, hooks: undefined, instance: 'two' }), undefined, false)
const nothing = { desired: new Map(), actual: [], instance: 'one', written: new Set<string>(), takeOver: false }

test('what is missing is written, what is there as desired is not', () => {
  const desired = new Map([
    ['camera0', body],
    ['camera1', body],
  ])
  const plan = planPaths({ ...nothing, desired, actual: [config('camera0', body)] })
  expect(plan).toEqual({ replace: ['camera1'], remove: [], foreign: [], same: new Set(['camera0']) })
})

test('a path in the server’s own spelling of the same values is left alone', () => {
  const printed = { ...body, runOnDemandStartTimeout: '10s', runOnDemandCloseAfter: '10s', extra: 'default' }
  expect(planPaths({ ...nothing, desired: new Map([['camera0', body]]), actual: [config('camera0', printed)] }).replace).toEqual(
    [],
  )
})

test.each(['source', 'runOnDemand', 'maxReaders', 'record', 'runOnInit'])('a change of %s is repaired', (field) => {
  const altered = { ...body, [field]: field === 'maxReaders' ? 5 : 'other' }
  const plan = planPaths({ ...nothing, desired: new Map([['camera0', body]]), actual: [config('camera0', altered)] })
  expect(plan.replace).toEqual(['camera0'])
})

test('a path of ours that nobody wants any more is removed; those of others and of a sibling are not', () => {
  const actual = [config('camera3', body), config('lobby', { source: 'publisher' }), config('camera4', sibling)]
  expect(planPaths({ ...nothing, actual })).toEqual({ replace: [], remove: ['camera3'], foreign: [], same: new Set() })
})

test('a desired name that somebody else configured is told and left, unless it may be taken over or was ours', () => {
  const input = { ...nothing, desired: new Map([['camera0', body]]), actual: [config('camera0', { source: 'rtsp://a' })] }
  expect(planPaths(input)).toEqual({ replace: [], remove: [], foreign: ['camera0'], same: new Set() })
  expect(planPaths({ ...input, takeOver: true }).replace).toEqual(['camera0'])
  expect(planPaths({ ...input, written: new Set(['camera0']) }).replace).toEqual(['camera0'])
})

test('a name that was ours and is foreign now is not removed', () => {
  const actual = [config('camera0', { source: 'rtsp://a' })]
  expect(planPaths({ ...nothing, actual, written: new Set(['camera0']) }).remove).toEqual([])
})

function config(name: string, fields: object) {
  return { name, fields: { name, ...fields } }
}
