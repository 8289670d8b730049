import { expect, it } from 'vitest'
import { type Service, startAll } from '../../../src/base/lifecycle.js'

/** Notes what it is told; `start` takes as long as the caller likes. */
function service(name: string, steps: string[], start: () => Promise<void> = async () => undefined): Service {
  return {
    name,
    async start() {
      await start()
      steps.push(`${name} up`)
    },
    async stop() {
      steps.push(`${name} down`)
    },
  }
}

it('what fails to start takes down what is up, in reverse', async () => {
  const steps: string[] = []
  const broken = service('c', steps, () => Promise.reject(new Error('no port')))
  const starting = startAll([service('a', steps), service('b', steps), broken], new AbortController().signal)
  await expect(starting).rejects.toThrow('no port')
  expect(steps).toEqual(['a up', 'b up', 'b down', 'a down'])
})

it.each([['last'], ['first']])('a service that is up only after the end has begun is stopped: the %s one', async (which) => {
  const steps: string[] = []
  const abort = new AbortController()
  let arrive: () => void = () => undefined
  const late = service('late', steps, () => new Promise((resolve) => (arrive = resolve)))
  const other = service('other', steps)
  const starting = startAll(which === 'last' ? [other, late] : [late, other], abort.signal)
  await new Promise((resolve) => setImmediate(resolve))
  abort.abort(new Error('the service stops'))
  arrive()
  await expect(starting).rejects.toThrow('the service stops')
  expect(steps.at(-1)).toBe(which === 'last' ? 'other down' : 'late down')
  expect(steps).toContain('late down')
})
