import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadAddonFile } from '../../src/native/load.js'
import { withFolder } from './support.js'

test('a missing addon is named together with the remedy', () => {
  expect(() => loadAddonFile('/nowhere/camera_core.node')).toThrow(/\/nowhere\/camera_core\.node is missing.*scripts\/setup\.sh/)
})

test('an addon that does not load gives the linker’s reason in one line, and the remedy', async () => {
  await withFolder(async (folder) => {
    const file = join(folder, 'camera_core.node')
    writeFileSync(file, 'not a shared object')
    expect(() => loadAddonFile(file)).toThrow(
      /^the native addon cannot be loaded: .*camera_core\.node.*: run scripts\/setup\.sh[^\n]*$/,
    )
  })
})
