import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { state } from '../../../support/devices.js'
import { captureRig, settled } from './capture-rig.js'

type Act =
  | { readonly do: 'lease' | 'want' | 'release' | 'restart' | 'toggle' | 'plug' | 'unplug' | 'succeed' }
  | { readonly do: 'fail'; readonly code: string }
  | { readonly do: 'tell'; readonly word: string; readonly back: number }
  | { readonly do: 'wait'; readonly ms: number }

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.constantFrom<Act>(
    ...(['lease', 'want', 'release', 'restart', 'toggle', 'plug', 'unplug', 'succeed', 'succeed'] as const).map((one) => ({
      do: one,
    })),
  ),
  fc.constantFrom('IO', 'CAMERA_BUSY', 'NO_BANDWIDTH', 'CAMERA_GONE', 'STALLED').map((code): Act => ({ do: 'fail', code })),
  fc.record({
    do: fc.constant('tell' as const),
    word: fc.constantFrom('delivering', 'stalled', 'restarted', 'failed', 'gone'),
    back: fc.integer({ min: 0, max: 2 }),
  }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 20_000 }) }),
)

describe('captures, whatever happens in whatever order', () => {
  it('hold no device that nobody wants, leave no timer, and come to frames in the end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 40 }), async (acts) => {
        const rig = captureRig()
        const { captures, clock, starts, calls, tape } = rig
        const held: { release(): void }[] = []
        let plugged: ReturnType<typeof state> | undefined = state()
        let appearances = 1
        let session = 0
        const plug = (): void => {
          if (plugged !== undefined) return
          appearances += 1
          plugged = state({ source: `/dev/video0#${appearances}` })
          rig.handle(tape.ready(plugged))
        }
        const succeed = (): void => {
          const start = starts.shift()
          // The core answers a start of an appearance that is over with an error.
          if (start?.source === plugged?.source) session = start?.succeed().session ?? session
          else start?.fail('CAMERA_GONE')
        }
        for (const one of acts) {
          if (one.do === 'lease')
            void captures.lease('camera0').then(
              (lease) => held.push(lease),
              () => undefined,
            )
          if (one.do === 'want') held.push(captures.want('camera0'))
          if (one.do === 'release') held.shift()?.release()
          if (one.do === 'restart') void captures.restart('camera0', { waitMs: 1_000 })
          if (one.do === 'toggle') captures.setEnabled('camera0', !captures.settings('camera0').enabled)
          if (one.do === 'plug') plug()
          if (one.do === 'unplug' && plugged !== undefined) {
            rig.handle(tape.gone(plugged))
            plugged = undefined
          }
          if (one.do === 'succeed') succeed()
          if (one.do === 'fail') starts.shift()?.fail(one.code)
          if (one.do === 'tell' && plugged !== undefined) rig.tell(one.word, 'IO', { session: session - one.back })
          if (one.do === 'wait') clock.advance(one.ms)
          await settled()
          const { state: word, isConnected, isRunning } = captures.state('camera0')
          expect(isConnected).toBe(word === 'streaming')
          if (!isRunning) expect(['disabled', 'given_up']).toContain(word)
        }

        // Once it is let be, it works: a new appearance, switched on, wanted.
        captures.setEnabled('camera0', true)
        if (plugged !== undefined) rig.handle(tape.gone(plugged))
        plugged = undefined
        const want = captures.want('camera0')
        plug()
        while (starts.length > 1) starts.shift()?.fail('CAMERA_GONE')
        succeed()
        await settled()
        rig.tell('delivering', undefined, { session })
        expect(captures.state('camera0').state).toBe('streaming')

        want.release()
        for (const one of held) one.release()
        clock.advance(60_000)
        await settled()
        expect(captures.state('camera0').isIdle).toBe(true)
        expect(calls.at(-1)).toBe('stop')
        expect(clock.pending).toBe(0)
      }),
      { numRuns: 100 },
    )
  }, 60_000)
})
