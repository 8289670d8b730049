import { statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { expect, it } from 'vitest'
import { StorageGuard } from '../../../src/snapshots/storage.js'
import { FakeClock } from '../../support/fake-clock.js'

const { blocks, bfree, bavail } = statfsSync(tmpdir())
const used = ((blocks - bfree) / (blocks - bfree + bavail)) * 100

it('lets a disk be used up to the limit and no further', async () => {
  const clock = new FakeClock()
  await expect(new StorageGuard({ blockPercent: used + 1, clock }).prepare(tmpdir())).resolves.toBeUndefined()
  await expect(new StorageGuard({ blockPercent: used - 1, clock }).prepare(tmpdir())).rejects.toMatchObject({
    code: 'INVALID_STATE',
    data: { state: 'STORAGE_FULL' },
  })
})
