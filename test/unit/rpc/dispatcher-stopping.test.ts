import { expect, it } from 'vitest'
import { memoryServices } from '../../support/rpc-server.js'
import { createBench } from '../../support/rpc-session.js'

it('from the beginning of the end on nothing costly is begun, and the rest is answered', () => {
  let isStopping = false
  const system = { ...memoryServices().system, stopping: () => isStopping }
  const caller = createBench({ services: { system } }).open()
  caller.login('operator')
  isStopping = true
  expect(caller.call('take_snapshot', { device: 'camera0' })?.error).toMatchObject({
    code: -32020,
    data: { state: 'STOPPING', allowed_states: ['RUNNING'] },
  })
  expect(caller.call('get_camera_list')).toMatchObject({ result: { total: 2 } })
})
