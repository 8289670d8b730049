// serialise-once: how often JSON is made of one event for many subscribers, and how many different frames they get.
import { registryOf } from '../support/cameras.mjs'
import { bytesOf, inProcessRpc } from '../support/in-process-rpc.mjs'

const SUBSCRIBERS = 1_000
const EVENTS = 20

const { rpc, open } = inProcessRpc(registryOf(1))
let frames = new Set()
let deliveries = 0
const peer = {
  notify(payload) {
    frames.add(payload)
    deliveries += 1
  },
}
for (let i = 0; i < SUBSCRIBERS; i++) {
  open(peer).receive(bytesOf({ id: 2, method: 'subscribe_events', params: { topics: ['camera.control_changed'] } }), false)
}

let objects = 0
const { stringify } = JSON
JSON.stringify = (value, ...rest) => {
  if (typeof value === 'object') objects += 1
  return stringify(value, ...rest)
}
const perEvent = []
for (let i = 0; i < EVENTS; i++) {
  frames = new Set()
  deliveries = 0
  objects = 0
  rpc.publish('camera.control_changed', { device: 'camera0', control: 'gain', value: i, inactive: false })
  perEvent.push({ made: objects, frames: frames.size, deliveries })
}
JSON.stringify = stringify
console.log(JSON.stringify({ subscribers: SUBSCRIBERS, perEvent }))
