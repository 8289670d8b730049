import { expect, it } from 'vitest'
import { isTopicName, namesOf, TOPICS } from '../../../src/rpc/topics.js'

it('knows the 23 topics of the contract and the one of controls, once each', () => {
  expect(new Set(TOPICS).size).toBe(24)
  for (const topic of TOPICS) expect(isTopicName(topic)).toBe(true)
})

it.each(['camera_status_update', 'recording_status_update', 'system_health_update', 'recording.started', 'recording.stopped'])(
  'accepts the alias %s',
  (alias) => expect(isTopicName(alias)).toBe(true),
)

it.each(['nodes', 'streams', 'stream:local/camera0', 'system', 'alerts', 'events'])('accepts the monitor topic %s', (topic) => {
  expect(isTopicName(topic)).toBe(true)
})

it.each(['', 'camera', 'camera.*', 'stream:', 'toString', '__proto__'])('refuses %j', (name) => {
  expect(isTopicName(name)).toBe(false)
})

it('tells by which names an event goes', () => {
  expect(namesOf('recording.start')).toEqual(['recording.start', 'recording_status_update', 'recording.started'])
  expect(namesOf('snapshot.taken')).toEqual(['snapshot.taken'])
})
